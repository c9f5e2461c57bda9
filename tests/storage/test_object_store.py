"""Everything that lies at a URI lies as well in an S3 bucket, and a store that fails is heard."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.storage.conftest import Bucket

from trainloop import storage
from trainloop.commands import deployment
from trainloop.delivery import asset_files
from trainloop.intake import inbox, pipeline
from trainloop.outbox.attachments import AttachmentUnreachableError, load
from trainloop.outbox.kinds.content import StoredFile
from trainloop.recovery.backup import backup
from trainloop.recovery.manifest import Place, read, require_sound
from trainloop.retention import erasure, tombstones
from trainloop.retention.tombstones import Tombstone
from trainloop.settings import get_settings
from trainloop.storage import StoreFailedError
from trainloop.surveys.mapping import mappings_in_inbox
from trainloop.warehouse import engine

pytestmark = pytest.mark.slow
DEPARTMENTS = "部门编码,部门名称,英文名称\nD001,公司,Company\nD010,销售部,Sales\n"
SECONDS = 20.0


def rows(query: str) -> list[dict[str, Any]]:
    with engine.connect("owner") as connection:
        return connection.execute(query).fetchall()  # type: ignore[arg-type]


def test_a_file_goes_from_the_bucket_s_inbox_into_the_warehouse_and_the_archive(
    warehouse: str, bucket: Bucket, files_at_once: None, set_clock: Callable[..., datetime]
) -> None:
    """Taken in once, kept byte for byte, gone from the inbox; the same bytes again change nothing."""
    set_clock(2026, 3, 2)
    bucket.put("inbox/departments/", b"")  # what a console calls a folder
    bucket.put("inbox/departments/部门.csv", DEPARTMENTS.encode())
    bucket.put("inbox/departments/.being-copied.csv.part", b"half")
    assert pipeline.waiting_datasets() == ["departments"]
    assert pipeline.ingest_dataset("departments")["accepted_count"] == 2
    [file] = rows("select state, row_count, accepted_count, archive_uri, content_sha256 from ops.inbox_files")
    assert (file["state"], file["row_count"], file["accepted_count"]) == ("merged", 2, 2)
    assert storage.read(file["archive_uri"]) == DEPARTMENTS.encode()
    assert bucket.keys("archive/") == [file["archive_uri"].removeprefix(f"s3://{bucket.name}/")]
    assert "inbox/departments/部门.csv" not in bucket.keys("inbox/")
    bucket.put("inbox/departments/部门.csv", DEPARTMENTS.encode())
    assert pipeline.ingest_dataset("departments")["accepted_count"] == 0
    assert len(rows("select from core.departments")) == 2


def test_what_changes_while_it_is_read_does_not_reach_the_archive(bucket: Bucket, files_at_once: None) -> None:
    """Another version came under the same name: the copy is dropped, the next scan takes the new one."""
    bucket.put("inbox/departments/d.csv", DEPARTMENTS.encode())
    [found] = inbox.find_files("departments")
    bucket.put("inbox/departments/d.csv", DEPARTMENTS.encode() + b"D020,IT,IT\n")
    assert inbox.archive(found) is None
    assert bucket.keys("archive/") == []
    inbox.remove(found)
    assert bucket.keys("inbox/") == ["inbox/departments/d.csv"]


def test_documents_are_kept_whole_and_read_by_whoever_mails_them(bucket: Bucket) -> None:
    """A PDF is an object with exactly the registered bytes; no draft stays beside it."""
    uri, pdf = f"s3://{bucket.name}/reports/kind/2026-C001/hr-zh.pdf", b"%PDF-1.7 " + bytes(3 << 20)
    storage.keep(uri, pdf)
    assert bucket.keys("reports/") == ["reports/kind/2026-C001/hr-zh.pdf"]
    sha256 = hashlib.sha256(pdf).hexdigest()
    assert storage.has_content(uri, sha256)
    assert not storage.has_content(uri, "0" * 64)
    assert not storage.has_content(f"{uri}.not-there", sha256)
    file = StoredFile(name="a.pdf", media_type="application/pdf", uri=uri, sha256=sha256)
    assert load(None, file, "en").content == pdf  # type: ignore[arg-type]


def test_a_document_that_breaks_off_is_no_object(bucket: Bucket) -> None:
    """fsspec's own files would upload what was written so far."""

    def break_off() -> None:
        with storage.drafted(f"s3://{bucket.name}/archive/a") as draft:
            draft.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    assert bucket.keys() == []


def test_materials_are_handed_out_only_as_they_are_registered(bucket: Bucket) -> None:
    """Sound, changed and missing are facts about a file."""
    content = b"slides"
    bucket.put("materials/C1/slides.pptx", content)
    checksum = hashlib.sha256(content).hexdigest()
    assert asset_files.check("C1/slides.pptx", checksum, 1000) == "sound"
    assert asset_files.check("C1/slides.pptx", "0" * 64, 1000) == "changed"
    assert asset_files.check("C1/slides.pptx", checksum, 3) == "too_large"
    assert asset_files.check("C1/other.pptx", checksum, 1000) == "unreachable"


def test_an_erased_person_is_remembered_in_the_bucket(bucket: Bucket, warehouse: str) -> None:
    """The tombstone outlives the database: found again, taken back."""
    stone = Tombstone.of("E001", "request", "hr", datetime(2026, 3, 2, tzinfo=UTC))
    stone.keep()
    assert json.loads(bucket.get(f"archive/.erased-people/{stone.hash}.json"))["alias"] == stone.alias
    assert tombstones.kept() == [stone]
    with engine.connect("purge", autocommit=True) as connection:
        assert erasure.erase_again(connection) == 0
    erasure.undo("E001")
    assert bucket.keys("archive/") == []


def test_a_backup_lies_in_the_bucket_and_is_sound(warehouse: str, bucket: Bucket) -> None:
    """Every piece is there with its checksum, the manifest last."""
    taken = backup(get_settings(), get_settings().folder_uri("backups"), "a person", None)
    assert {key.rpartition("/")[2] for key in bucket.keys("backups/")} == {
        "manifest.json", "warehouse.dump", "references.jsonl",
    }  # fmt: skip
    place = Place(taken.uri)
    require_sound(place, read(place))


@pytest.mark.parametrize("what", ["address", "bucket"])
def test_a_store_that_is_lost_is_an_error_and_never_an_empty_inbox(
    lost: Callable[[str], None], what: str, bucket: Bucket, files_at_once: None
) -> None:
    """Whoever lists, reads or writes hears it soon, as something that passes; nobody takes it for "no files"."""
    bucket.put("inbox/departments/d.csv", DEPARTMENTS.encode())
    [found] = inbox.find_files("departments")
    lost(what)
    reports = get_settings().folder_uri("reports")
    asks: list[Callable[[], Any]] = [
        pipeline.waiting_datasets,
        lambda: inbox.archive(found),
        lambda: storage.keep(f"{reports}/a.pdf", b"%PDF"),
    ]
    if what == "bucket":
        asks += [
            lambda: inbox.find_files("departments"),
            inbox.datasets_with_folders,
            mappings_in_inbox,
            tombstones.kept,
            lambda: Place(f"{reports}/x").names(),
            lambda: asset_files.check("C1/slides.pptx", "0" * 64, 1000),
        ]
    began = time.monotonic()
    for ask in asks:
        with pytest.raises(StoreFailedError, match="trainloop doctor"):
            ask()
    assert time.monotonic() - began < SECONDS
    file = StoredFile(name="a.pdf", media_type="application/pdf", uri=f"{reports}/a.pdf", sha256="0" * 64)
    with pytest.raises(AttachmentUnreachableError):
        load(None, file, "en")  # type: ignore[arg-type]


@pytest.mark.parametrize("what", ["address", "bucket"])
def test_doctor_names_the_store_that_is_lost(
    lost: Callable[[str], None], what: str, bucket: Bucket, warehouse: str
) -> None:
    """Each folder with its setting; a store that is there takes the probe and keeps nothing of it."""
    sound = {
        one.subject: one for one in deployment.examine_deployment(get_settings()) if one.subject.startswith("Folder")
    }
    assert {one.level for one in sound.values()} == {"ok"}
    assert len(sound) == 6
    assert bucket.keys() == []
    lost(what)
    told = deployment._folder(get_settings(), "inbox")
    assert told.level == "problem"
    assert "TRAINLOOP_INBOX_URI" in told.remedy
    assert ("no such bucket" in told.detail) == (what == "bucket")
