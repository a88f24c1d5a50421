"""One synthetic video from beginning to end, to look at."""

from causalex_core.errors import CausalexError
from causalex_core.motion.landmarks import Given
from causalex_core.spotting import checkpoints
from causalex_core.spotting.checkpoints import Spotted
from causalex_core.spotting.predict import Portraits, portraits
from causalex_synthetic import dataset


def spotted_video(seed: int, longest: float) -> tuple[Spotted, Portraits]:
    """The video with most labelled expressions of at most `longest` seconds, and its faces.

    The shipped spotter was trained on synthetic people of another seed.

    Raises
    ------
    CausalexError
        If all videos are longer.
    """
    people = dataset.draw(dataset.Config(seed=seed))
    frames = longest * people.plan.fps
    short = [index for index, video in enumerate(people.videos) if video.frames <= frames]
    if not short:
        raise CausalexError(f"no video of at most {longest:g} s in the cohort of seed {seed}")
    index = max(short, key=lambda index: len(people.videos[index].events))
    film = people.film(index)
    return checkpoints.load()(people.measured(index)), portraits(film, Given(film.landmarks()))
