"""What videos are called."""

import pytest

from causalex_core.data.annotations import CAS, SAMM
from causalex_core.data.names import annotated_name


@pytest.mark.parametrize(
    ("database", "folder", "name"),
    [
        (CAS, "15_0101disgustingteeth", "casme_015_0101"),
        (CAS, "36_0505funnyinnovations", "casme_036_0505"),
        (SAMM, "006_1", "samm_006_1"),
        (CAS, "casme_015_0101", "casme_015_0101"),
        (SAMM, "samm_006_1", "samm_006_1"),
        (CAS, "my_video", "my_video"),
        (SAMM, "006_12", "006_12"),
    ],
)
def test_a_folder_of_the_database_is_known_by_the_name_of_its_video(database, folder, name):
    assert annotated_name(database, folder) == name
