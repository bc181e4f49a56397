"""I6: no client gets a link, page or archive that the access table does not give it."""

import csv
import hashlib
import io
import json
from typing import TYPE_CHECKING
from zipfile import ZipFile

from tests.simulation.engine.runtime import RECORDS
from tests.simulation.invariants.records import Item, known_at
from tests.simulation.invariants.violation import require
from tests.simulation.oracle import Posted
from tests.simulation.stories.steps import Ask

if TYPE_CHECKING:
    from tests.simulation.engine.world import World

TABLES = {"manifest.json", "records.csv", "records.xlsx"}


def check_answer(world: "World", step: Ask, status: int, body: Item, began: int) -> None:
    match step.what, status:
        case "verify", 200 if body["status"] == "valid":
            require(_was_active(world, step.enrollment_id, began), "I6", f"{step.enrollment_id} is called valid")
            is_current = step.revision in {0, body["revision"]}
            require(is_current, "I7", f"superseded revision {step.revision} of {step.enrollment_id} is called valid")
        case "download", 200:
            active = _was_active(world, step.enrollment_id, began)
            require(active, "I6", f"a link to {step.enrollment_id}, which was removed or never issued")
            require(_may_hold(world, step.claims, step.enrollment_id), "I6", f"{step} and got a link")
            certificate_id = world.observer.certificate_id_of(step.enrollment_id)
            require(f"/certificates/{certificate_id}/" in body["url"], "I6", f"{step} and got another's link")
        case "progress", 200 if "certificate" in body:
            require(_may_hold(world, step.claims, step.enrollment_id), "I6", f"{step} and was shown the certificate")
        case "export" | "list", 200 | 202:
            require((step.claims or {}).get("company_id") == step.company_id, "I6", f"{step} and got it")
            world.observer.exports_accepted.add(body.get("export_id", ""))
            for item in body.get("items", ()):
                listed = item["enrollment_id"]
                require(_was_active(world, listed, began), "I6", f"{listed} is listed and was removed or never issued")
                require(_may_hold(world, step.claims, listed), "I6", f"{step} and was shown {listed}")


def check_archive(world: "World", key: str, body: bytes) -> None:
    """An export has only the company's certificates, and its manifest's hashes are those of its files (I7)."""
    records = world.dynamodb.tables[RECORDS].items
    requested = next(item for (pk, _), item in records.items() if key == _archive_key(pk, item))
    claims = {"role": "company-admin", "sub": "", "company_id": requested["pk"]["S"].split("#")[1]}
    enrolled = [one.data["enrollment_id"] for one in world.oracle.enrollments()]
    certificates = {world.observer.certificate_id_of(name): name for name in enrolled}
    with ZipFile(io.BytesIO(body)) as archive:
        files = json.loads(archive.read("manifest.json"))["files"]
        names = {file["file_name"] for file in files}
        complete = len(names) == len(files) and names | TABLES == set(archive.namelist())
        require(complete, "I7", f"{key} has other files than its manifest")
        lines = list(csv.DictReader(io.StringIO(archive.read("records.csv").decode("utf-8-sig"))))
        in_table = {line["file_name"] for line in lines if line["file_name"]}
        require(in_table == names, "I7", f"{key} has other files than its table")
        numbers = [line["certificate_number"] for line in lines if line["certificate_number"]]
        theirs = all(_may_hold(world, claims, certificates.get(number, "")) for number in numbers)
        require(theirs, "I6", f"the table in {key} has a certificate that is not the company's")
        for file in files:
            same = hashlib.sha256(archive.read(file["file_name"])).hexdigest() == file["sha256"]
            require(same, "I7", f"{key} has another document than its manifest says")
            enrollment_id = certificates.get(file["certificate_id"], "")
            allowed = _may_hold(world, claims, enrollment_id)
            require(allowed, "I6", f"{key} has {enrollment_id}, which is not the company's")


def _archive_key(pk: str, item: Item) -> str:
    return f"exports/{item['export_id']['S']}.zip" if pk.startswith("export#") else ""


def _was_active(world: "World", enrollment_id: str, began: int) -> bool:
    enrollment = _enrollment(world, enrollment_id)
    certificate_id = world.observer.certificate_id_of(enrollment_id)
    issued = any(known == certificate_id for known, _ in world.observer.issued)
    return enrollment is not None and issued and not world.oracle.removed(enrollment, known_at(began))


def _may_hold(world: "World", claims: dict[str, str] | None, enrollment_id: str) -> bool:
    """A1 to A4, written a second time."""
    enrollment = _enrollment(world, enrollment_id)
    if enrollment is None or claims is None:
        return False
    account = world.oracle.newest("account.saved", account_id=enrollment.data["account_id"])
    company = enrollment.data.get("company_id") or (account.data.get("company_id") if account else None)
    own = claims["role"] == "individual" and claims["sub"] == enrollment.data["account_id"]
    return own or (claims["role"] == "company-admin" and company is not None and claims.get("company_id") == company)


def _enrollment(world: "World", enrollment_id: str) -> Posted | None:
    return next((one for one in world.oracle.enrollments() if one.data["enrollment_id"] == enrollment_id), None)
