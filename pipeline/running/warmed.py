"""Importing this module imports what a worker needs: for processes that are forked from this one."""

import signal

from pipeline.running.nursery import restore_environment
from pipeline.running.warm import warm

signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for the driver
restore_environment()
warm()
