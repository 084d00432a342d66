import io

import pytest


@pytest.fixture
def as_text():
    """Print renderables as a terminal of 120 columns would show them."""
    from rich.console import Console

    def show(*renderables):
        console = Console(width=120, file=io.StringIO(), highlight=False, markup=False, emoji=False)
        for renderable in renderables:
            console.print(renderable)
        return console.file.getvalue()

    return show
