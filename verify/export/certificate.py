"""What an export claims of its own files, and whether a certificate claims what the construction gives."""

import json
from collections.abc import Mapping
from typing import Any

from verify.environment import DISTRIBUTION, commit, version
from verify.errors import quoted
from verify.export.construct import Construction

CERTIFICATE = "certificate.json"
SCHEMA = "verify-export/1"
BEFORE_ROUNDING = (
    "real arithmetic, of the construction before its weights were rounded to float32; the error of these files is what "
    "`verify check` measures"
)


def certificate(construction: Construction, hashes: Mapping[str, str]) -> dict[str, Any]:
    """The document.  hashes: the SHA-256 of each other file, by name."""
    made_with = {"made_with": f"{DISTRIBUTION} {version()}", "commit": commit()}
    return {"schema": SCHEMA, **made_with, **claims_of(construction), "files": dict(hashes)}


def claims_of(construction: Construction) -> dict[str, Any]:
    """What follows from the construction alone, whoever wrote the files."""
    made = construction.model
    return {
        "construction": construction.settings.document(),
        "claims": list(construction.claims),
        "error": construction.error,
        "speaks_of": "the float32 program" if construction.error is None else BEFORE_ROUNDING,
        "dtype": "float32",
        "sizes": {
            "layers": made.layers,
            "stream": made.sizes.stream,
            "channels": made.sizes.channels,
            "d_state": made.sizes.d_state,
            "time_step_rank": made.sizes.rank,
            "state_entries": made.state_entries,
            "parameters": made.parameters,
            "nonzeros": made.nonzeros,
        },
    }


def keys() -> frozenset[str]:
    """The entries of a certificate, no more and no fewer."""
    from_construction = {"construction", "claims", "error", "speaks_of", "dtype", "sizes"}
    return frozenset({"schema", "made_with", "commit", "files", *from_construction})


def difference(claimed: Mapping[str, Any], construction: Construction) -> dict[str, Any] | None:
    """The first entry that is not what the construction gives, as a witness; None where all are.

    `made_with` and `commit` say where the files come from, which no one can compute again.
    """
    for name, wanted in claims_of(construction).items():
        found, derived = canonical(claimed[name]), canonical(wanted)
        if found != derived:
            return {"entry": name, "certificate": quoted(found), "construction": quoted(derived)}
    return None


def canonical(document: Any) -> str:
    """JSON by which documents are compared, type by type: 64.0 is not 64, nor 0 false.

    Nothing that was read fails here: what lies too deep to be written is no document of ours, and says so.
    """
    try:
        return json.dumps(document, sort_keys=True)
    except RecursionError:
        return "too deep"
