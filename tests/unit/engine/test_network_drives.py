"""A journal on a network drive: found to be there, and kept without a WAL, which two computers cannot share."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from neural4d_blender.engine import network_drives
from neural4d_blender.engine.errors import JournalUnusable
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.model.states import JOURNAL
from neural4d_blender.engine.store import database
from neural4d_blender.engine.store.journal import Journal

#: As Linux writes it: id, parent, device, root, place, options, optional fields, "-", kind, source, options.
MOUNTS = r"""
22 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw
30 22 0:27 / /home rw,relatime shared:2 - autofs systemd-1 rw
31 30 0:52 / /home/artist rw,relatime shared:3 - nfs4 filer:/home/artist rw,vers=4.2
32 22 0:53 / /mnt/two\040words rw - cifs //filer/share rw
33 32 8:1 / /mnt/two\040words/local rw - xfs /dev/sda1 rw
34 22 0:60 / /srv/ssh rw - fuse.sshfs host:/ rw
35 22 8:2 / /media/stick rw - fuseblk /dev/sdb1 rw
36 22 0:61 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw
37 22 0:62 / /mnt/c rw - 9p C:\134 rw
38 22 8:3 / /mnt/c rw - btrfs /dev/sdc rw
""".strip()


@pytest.mark.parametrize(
    ("path", "kind", "remote"),
    [
        ("/", "ext4", False),
        ("/homeless", "ext4", False),
        ("/home/artist/.local/share/neural4d", "nfs4", True),
        ("/mnt/two words/a", "cifs", True),
        ("/mnt/two words/local/a", "xfs", False),
        ("/srv/ssh/a", "fuse.sshfs", True),
        ("/media/stick", "fuseblk", False),
        ("/var/lib/docker/overlay2/x/merged/a", "overlay", False),
        ("/mnt/c/Users", "btrfs", False),
    ],
)
def test_the_kind_of_file_system(
    path: str, kind: str, remote: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert network_drives.file_system(path, MOUNTS) == kind
    if sys.platform == "linux":
        (tmp_path / "mountinfo").write_text(MOUNTS)
        monkeypatch.setattr(network_drives, "_MOUNTS", tmp_path / "mountinfo")
        monkeypatch.setattr(os.path, "realpath", str)
        assert network_drives.is_remote(Path(path)) is remote


def test_this_folder_is_here(tmp_path: Path) -> None:
    assert network_drives.is_remote(tmp_path / "not there yet") is False


@pytest.mark.skipif(sys.platform != "win32", reason="Windows' own word for a share")
def test_a_share_of_windows_is_elsewhere() -> None:
    assert network_drives.is_remote(Path(r"\\server\share\folder"))


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_drives, "is_remote", lambda _: True)


@pytest.mark.usefixtures("remote")
def test_there_is_no_wal_on_a_network_drive(tmp_path: Path) -> None:
    first, second = Journal(tmp_path), Journal(tmp_path)
    assert first.rows("PRAGMA journal_mode") == [("delete",)]
    assert first.rows("PRAGMA synchronous") == [(3,)]
    first.save(Job("1", "neural4d", {"prompt": "a bird"}, created=1.0))
    found = second.get("1")
    assert found
    assert found.request["prompt"] == "a bird"
    assert [path.name for path in tmp_path.glob(f"{JOURNAL}*")] == [JOURNAL]
    first.close()
    second.close()


def test_a_journal_that_was_carried_there_and_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for remote, mode in ((False, "wal"), (True, "delete"), (False, "wal")):
        monkeypatch.setattr(network_drives, "is_remote", lambda _, remote=remote: remote)
        journal = Journal(tmp_path)
        assert journal.rows("PRAGMA journal_mode") == [(mode,)]
        journal.close()


@pytest.mark.usefixtures("remote")
def test_one_that_somebody_has_open_with_a_wal_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PATIENCE", 0.1)
    with pytest.MonkeyPatch.context() as local:
        local.setattr(network_drives, "is_remote", lambda _: False)
        open_there = Journal(tmp_path)
    with pytest.raises(JournalUnusable, match="locked") as told:
        Journal(tmp_path)
    assert "Another program holds it" in told.value.remedy
    open_there.close()
    Journal(tmp_path).close()


@pytest.mark.usefixtures("remote")
def test_what_was_not_committed_there_is_undone(tmp_path: Path) -> None:
    Journal(tmp_path).close()
    dies = (
        "import os, sqlite3, sys\ndb = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "db.execute('PRAGMA cache_size=1')\ndb.execute('BEGIN IMMEDIATE')\n"
        "db.execute('CREATE TABLE half (x)')\n"
        "db.executemany('INSERT INTO half VALUES (?)', [('x' * 9000,)] * 99)\nos._exit(1)"
    )
    subprocess.run([sys.executable, "-c", dies, str(tmp_path / JOURNAL)], check=False)
    assert (tmp_path / f"{JOURNAL}-journal").exists()
    journal = Journal(tmp_path)
    with pytest.raises(JournalUnusable, match="no such table"):
        journal.rows("SELECT * FROM half")
    journal.close()
    assert sqlite3.connect(tmp_path / JOURNAL).execute("PRAGMA integrity_check").fetchone() == ("ok",)
