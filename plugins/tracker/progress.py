"""Progress bars in the terminal."""

import sys
from dataclasses import dataclass, field
from typing import Any

from pipeline import tracker


@tracker
def progress(event):
    """Show a bar for each node on stderr while a run goes on; nothing where stderr is no terminal.

    `run_started` may tell in `data["nodes"]` how many trials each node will run; otherwise a bar grows
    with the trials that have started.
    """
    if event.name == "run_started":
        event.memory["display"] = _start(event.data.get("nodes", {}))
    display = event.memory.get("display")
    if display is not None:
        display.hear(event)


def _start(planned):
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    # this very stream: while a stage runs in this process, sys.stderr is a log that also writes here
    console = Console(file=sys.stderr)
    if not console.is_terminal:
        return None
    text = TextColumn("{task.fields[trials]}{task.fields[failed]}")
    columns = (TextColumn("{task.description}"), BarColumn(), text, TimeElapsedColumn())
    bars = Progress(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False)
    bars.start()
    return _Display(bars, dict(planned))


@dataclass
class _Display:
    bars: Any
    planned: dict[str, int]
    lines: dict[str, Any] = field(default_factory=dict)  # node -> its bar
    done: dict[str, dict[str, float]] = field(default_factory=dict)  # node -> trial -> share done, 0..1
    failed: dict[str, set[str]] = field(default_factory=dict)  # node -> trials

    def hear(self, event):
        """Move the bar of the event's node, or end with the run."""
        if event.name in ("run_ended", "run_failed"):
            self.bars.stop()
        elif event.node:
            # where trials are counted beforehand, an event that names none only says that the node is at work
            trials = event.trials or (() if event.node in self.planned else ("",))
            self.done.setdefault(event.node, {}).update(dict.fromkeys(trials, _share(event)))
            if event.name in ("node_failed", "epoch_failed"):
                self.failed.setdefault(event.node, set()).update(trials)
            self._draw(event.node)

    def _draw(self, node):
        if node not in self.lines:
            self.lines[node] = self.bars.add_task(node, trials="", failed="")
        done, failed = self.done[node], self.failed.get(node, ())
        total = max(self.planned.get(node, 0), len(done))
        self.bars.update(
            self.lines[node],
            total=total,
            completed=sum(done.values()),
            trials=f"{sum(share == 1 for share in done.values())}/{total}",
            failed=f" ({len(failed)} failed)" if failed else "",
        )


def _share(event):
    if event.name in ("node_ended", "node_failed", "epoch_failed"):
        return 1.0
    epochs = event.data.get("epochs", 0)
    if not epochs:
        return 0.0
    finished = event.data["epoch"] - (event.name == "epoch_started")
    return 0.999 * finished / epochs  # less than 1 before the node has ended: its result is not kept yet
