"""The sample company's knowledge base: real files with their checksums, and the catalogue that lists them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import fsspec

from trainloop.demo.company import Company
from trainloop.demo.delivery_truth import delivery
from trainloop.demo.tables import PlantedFile, Table, csv_bytes, xlsx_bytes
from trainloop.demo.truth import Course
from trainloop.settings import get_settings

KINDS = {"C": ("courseware", "课件", "课件", "slides"), "P": ("prework", "预习资料", "预习", "pre-reading"),
         "T": ("template", "模板", "工具模板", "template")}  # fmt: skip
HEADERS = {
    "asset_code": "资料编码",
    "kind": "资料类型",
    "title_zh": "资料名称",
    "title_en": "英文标题",
    "course_code": "归属课程",
    "owner_id": "维护人",
    "version": "版本号",
    "licence": "授权",
    "licence_expires_on": "授权有效期",
    "reviewed_on": "审阅日期",
    "uri": "文件地址",
    "checksum": "SHA256",
}


@dataclass(frozen=True)
class Asset:
    """One file of the knowledge base, kept in the material store."""

    code: str
    kind: str
    title_zh: str
    title_en: str
    course_code: str
    owner_id: str | None
    content: bytes
    suffix: str
    version: str = "1.0"
    licence: str = "自有版权"
    licence_expires_on: date | None = None
    reviewed_on: date = date(2025, 11, 20)

    @property
    def path(self) -> str:
        """Where it lies in the store."""
        return f"{self.course_code}/{self.code}-{self.version}{self.suffix}"


def prework_of(course_code: str) -> str:
    """Return the code of a course's pre-reading.

    >>> prework_of("C-DATA")
    'KA-DATA-P'
    """
    return f"KA-{course_code[2:]}-P"


def assets(company: Company) -> Iterator[Asset]:
    """Yield the assets as the year begins, with what is planted to be wrong about single ones."""
    truth = delivery().knowledge
    owners = [one.employee_id for one in company.employees if one.department_code == "D160"]
    for course in company.courses:
        for letter in KINDS:
            one = _asset(course, letter, owners[1])
            if one.code == truth.expired:
                one = replace(one, licence="外购授权", licence_expires_on=date(2026, 3, 31))
            if one.code == truth.stale:
                one = replace(one, reviewed_on=date(2022, 12, 1))
            if one.code == truth.ownerless:
                one = replace(one, owner_id=None)
            yield one
            if truth.duplicate == f"{one.code[:-1]}X" and letter == "T":
                yield replace(one, code=truth.duplicate, title_zh=f"{one.title_zh}（副本）")


def renewal(company: Company) -> PlantedFile:
    """One asset in a new version: learners of coming classes get it once."""
    return _listed("知识库_更新.csv", [_renewed(company)])


def catalogue(company: Company) -> PlantedFile:
    """The list of the whole knowledge base."""
    return _listed("知识库目录.csv", list(assets(company)))


def write_files(company: Company) -> None:
    """Put the files into the material store."""
    store = Path(str(fsspec.core.url_to_fs(get_settings().folder_uri("materials"))[1]))
    for one in (*assets(company), _renewed(company)):
        path = store / one.path
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f".{path.name}")
            draft.write_bytes(one.content)
            draft.replace(path)


def _renewed(company: Company) -> Asset:
    renewed = delivery().knowledge.renewed
    one = next(asset for asset in assets(company) if asset.code == renewed.asset)
    text = one.content + "\n更新：新增第三节的练习数据。\n".encode()
    return replace(one, version=renewed.version, content=text, reviewed_on=renewed.arrives_on)


def _asset(course: Course, letter: str, owner_id: str) -> Asset:
    kind, _, zh, en = KINDS[letter]
    title_zh, title_en = f"{course.name_zh}·{zh}", f"{course.name_en}: {en}"
    suffix = ".xlsx" if letter == "T" else ".txt"
    if letter == "T":
        sheet = Table({"goal": "目标", "metric": "衡量指标", "due": "完成日期"})
        sheet.add(goal=f"（填写：{course.name_zh}）", metric="（填写）", due=None)
        content = xlsx_bytes(sheet, "模板")
    else:
        content = f"{title_zh}\n{title_en}\n\n1 背景\n2 方法\n3 练习\n".encode()
    return Asset(f"KA-{course.code[2:]}-{letter}", kind, title_zh, title_en, course.code, owner_id, content, suffix)


def _listed(name: str, found: list[Asset]) -> PlantedFile:
    words = {kind: word for kind, word, _, _ in KINDS.values()}
    table = Table(HEADERS)
    for one in found:
        table.add(
            asset_code=one.code,
            kind=words[one.kind],
            title_zh=one.title_zh,
            title_en=one.title_en,
            course_code=one.course_code,
            owner_id=one.owner_id,
            version=one.version,
            licence=one.licence,
            licence_expires_on=one.licence_expires_on,
            reviewed_on=one.reviewed_on,
            uri=one.path,
            checksum=hashlib.sha256(one.content).hexdigest(),
        )
    return PlantedFile("knowledge_assets", name, csv_bytes(table, "utf-8-sig"), len(table.rows))
