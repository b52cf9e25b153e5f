"""The same house as the pages' tests."""

from tests.desk.web.conftest import demo_house, house

__all__ = ["demo_house", "house"]
