"""Django settings of the tests: the desk's own, on a home that lives as long as the test run."""

import atexit
import os
import shutil
import tempfile

_folder = tempfile.mkdtemp(prefix="forgeward-tests-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ["FORGEWARD_HOME"] = _folder

from forgeward.desk.settings import *  # noqa: E402, F403
from forgeward.desk.settings import DATABASES, HOME  # noqa: E402

HOME.create()
DATABASES["default"]["TEST"] = {"NAME": f"{_folder}/test.sqlite3"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the tests sign in often
