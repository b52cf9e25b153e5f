"""The same house for every room of the desk."""

from tests.desk.web.conftest import demo_house, house

__all__ = ["demo_house", "house"]
