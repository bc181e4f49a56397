"""The credential in the document: an associated file of PDF/A-3."""

import hashlib
from datetime import UTC

import pydyf

from earned.document.credential import Attachment


def attach_credential(pdf: pydyf.PDF, credential: Attachment) -> None:
    """Attach the credential as an associated file of the document (ISO 19005-3, 6.8)."""
    moment = pydyf.String(f"D:{credential.at.astimezone(UTC):%Y%m%d%H%M%S}Z")
    checksum = hashlib.md5(credential.data, usedforsecurity=False).hexdigest()
    parameters = pydyf.Dictionary({"Size": len(credential.data), "ModDate": moment, "CheckSum": f"<{checksum}>"})
    extra = {"Type": "/EmbeddedFile", "Subtype": "/application#2Fvc", "Params": parameters}
    file = pydyf.Stream([credential.data], extra, compress=True)
    pdf.add_object(file)
    name = pydyf.String("credential.json")
    specification = pydyf.Dictionary(
        {
            "Type": "/Filespec",
            "F": name,
            "UF": name,
            "EF": pydyf.Dictionary({"F": file.reference, "UF": file.reference}),
            "AFRelationship": "/Alternative",
            "Desc": pydyf.String("The certificate as a signed Open Badges 3.0 credential"),
        }
    )
    pdf.add_object(specification)
    pdf.catalog["AF"] = pydyf.Array([specification.reference])
    names = pydyf.Dictionary({"Names": pydyf.Array([name, specification.reference])})
    pdf.catalog["Names"] = pydyf.Dictionary({"EmbeddedFiles": names})
