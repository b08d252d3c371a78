"""The table that all benchmarks print, row by row."""


def heading() -> None:
    """Print the head of the table."""
    print(f"{'benchmark':<66}{'measured':>12}{'aim':>10}  details")


def row(title: str, measured: str, aim: str = "", details: str = "") -> None:
    """Print a row."""
    print(f"{title:<66}{measured:>12}{aim:>10}  {details}".rstrip(), flush=True)
