"""Node agent that watches GPUs and the processes behind them, and says what is wrong."""

__version__ = "0.1.0"
