"""One way to name subjects and videos, whatever a source calls them."""

import re

from causalex_core.data.annotations import CAS, SAMM

PREFIX = {CAS: "casme", SAMM: "samm"}
# What the licensed databases call the folder of a video: 15_0401girlcrashing, 006_1.
_FOLDERS = {CAS: r"(\d\d)_(\d{4})\w*", SAMM: r"(\d{3})_(\d)"}


def subject_name(database: str, digits: str) -> str:
    """Name of a subject: ``casme_015`` for subject 15 of CAS(ME)^2, ``samm_006`` for 006."""
    return f"{PREFIX[database]}_{int(digits):03d}"


def video_name(database: str, digits: str, number: str) -> str:
    """Name of a video: ``casme_015_0401``, ``samm_006_1``."""
    return f"{subject_name(database, digits)}_{number}"


def annotated_name(database: str, folder: str) -> str:
    """Name of the video in a folder of the licensed database; other names stay as they are."""
    match = re.fullmatch(_FOLDERS[database], folder)
    return video_name(database, *match.groups()) if match else folder
