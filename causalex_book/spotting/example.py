"""One synthetic video from beginning to end, to look at."""

from causalex_core.errors import CausalexError
from causalex_core.motion.landmarks import Given
from causalex_core.spotting import checkpoints
from causalex_core.spotting.checkpoints import Spotted
from causalex_core.spotting.predict import Portraits, portraits
from causalex_synthetic import dataset


def spotted_video(seed: int, longest: float) -> tuple[Spotted, Portraits]:
    """What the shipped spotter finds in a video of a synthetic cohort, and its faces.

    Of the videos that last no longer, it is the one with most labelled expressions.

    Parameters
    ----------
    seed
        Of the cohort; the shipped spotter was trained on another.
    longest
        Seconds.

    Raises
    ------
    CausalexError
        If all videos are longer.
    """
    drawn = dataset.draw(dataset.Config(seed=seed))
    short = [
        number
        for number, video in enumerate(drawn.videos)
        if video.frames <= longest * drawn.spec.fps
    ]
    if not short:
        raise CausalexError(f"no video of at most {longest:g} s in the cohort of seed {seed}")
    number = max(short, key=lambda one: len(drawn.videos[one].events))
    film = drawn.film(number)
    found = checkpoints.load()(drawn.measured(number))
    return found, portraits(film, Given(film.landmarks()))
