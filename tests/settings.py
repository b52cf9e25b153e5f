"""Django settings of the tests: the desk's own, on a home that lives as long as the test run.

``FORGEWARD_TEST_DATABASE``: the URL of a PostgreSQL database to use instead of SQLite. Its role must be allowed to make
databases: each test process makes one beside it.
"""

import atexit
import os
import shutil
import tempfile

_folder = tempfile.mkdtemp(prefix="forgeward-tests-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ["FORGEWARD_HOME"] = _folder
if _server := os.environ.get("FORGEWARD_TEST_DATABASE"):  # script/test runs the desk's tests a second time on it
    os.environ["FORGEWARD_DATABASE_URL"] = _server

from forgeward.desk.settings import *  # noqa: E402, F403
from forgeward.desk.settings import DATABASES, HOME  # noqa: E402

os.environ.pop("FORGEWARD_DATABASE_URL", None)  # commands that a test starts have a home of their own
HOME.create()
if not _server:
    DATABASES["default"]["TEST"] = {"NAME": f"{_folder}/test.sqlite3"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the tests sign in often
