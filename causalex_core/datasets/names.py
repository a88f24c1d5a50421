"""One way to name subjects and videos, whatever a source calls them."""

from causalex_core.datasets.annotations import CAS, SAMM

PREFIX = {CAS: "casme", SAMM: "samm"}


def subject_name(database: str, digits: str) -> str:
    """Name of a subject: ``casme_015`` for subject 15 of CAS(ME)^2, ``samm_006`` for 006."""
    return f"{PREFIX[database]}_{int(digits):03d}"


def video_name(database: str, digits: str, number: str) -> str:
    """Name of a video: ``casme_015_0401``, ``samm_006_1``."""
    return f"{subject_name(database, digits)}_{number}"
