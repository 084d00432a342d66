"""Running DAGs: plan, store, records, driver, workers."""
