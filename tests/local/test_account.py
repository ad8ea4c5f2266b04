import os
from pathlib import Path

import pytest

from config.local import account
from config.local.account import Account, AccountError

STRANGER = Account(uid=54_321, gid=54_321, switched=True)


def test_the_chosen_account_is_never_root() -> None:
    chosen = account.choose()

    assert chosen.uid != 0
    assert chosen.switched == (os.geteuid() == 0)


def test_a_stranger_cannot_reach_a_closed_home(tmp_path: Path) -> None:
    (tmp_path / "checkout").mkdir()
    tmp_path.chmod(0o700)

    assert not STRANGER.can_reach(tmp_path / "checkout" / "data")


def test_a_stranger_reaches_a_folder_that_lets_others_pass(folder: Path) -> None:
    assert STRANGER.can_reach(folder / "data")


def test_our_own_account_is_not_asked(tmp_path: Path) -> None:
    ours = Account(uid=os.geteuid(), gid=os.getegid(), switched=False)
    tmp_path.chmod(0o700)

    assert ours.can_reach(tmp_path)


def test_a_private_folder_is_the_same_for_one_purpose() -> None:
    first = account.private_folder(purpose="one")

    assert account.private_folder(purpose="one") == first
    assert account.private_folder(purpose="another") != first


def test_a_private_folder_that_somebody_else_prepared_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / f"rehabit-{os.geteuid()}").symlink_to(tmp_path / "theirs")
    monkeypatch.setattr(account, "PERSISTENT_TEMPORARY", tmp_path)

    with pytest.raises(AccountError, match="belongs to somebody else"):
        account.private_folder(purpose="one")
