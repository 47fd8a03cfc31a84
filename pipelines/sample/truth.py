"""The rank correlations that the plan implies, found by simulating a very large population.

Belongs here: what planted.csv states as `population_rho`. Does not belong here: the sample's own files, or
any statistic of the product. Only the plan's maintenance and the tests use this module.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from pipelines.sample import plan, ratings, sickness, submissions, survey, waiting
from pipelines.sample.plan import Array, Latent

SIZE = 200_000
CHUNK = 10_000
YEAR = 2023
RESPONSES = 3400.0  # of a trust of ordinary size
LOCATIONS = (2, 3, 4)
BURNOUT, LEAVING = "q12b", "q26a"


def population_truth(kind: str = "acute", size: int = SIZE) -> dict[tuple[str, str, str], float]:
    """Spearman's rho by (basis, driver_id, measure_id) among `size` simulated organisations of one type.

    Exposure and outcome belong to the same year. Another year changes little, since the yearly wobbles of
    drivers and of outcomes are drawn apart from each other.
    """
    from scipy.stats import rankdata

    random = plan.stream("truth", kind)
    chunks = [_simulated(kind, CHUNK, random) for _ in range(size // CHUNK)]
    ranks = {name: rankdata(np.concatenate([chunk[name] for chunk in chunks])) for name in chunks[0]}
    exposures = [name for name in ranks if isinstance(name, tuple)]
    outcomes = [name for name in ranks if isinstance(name, str)]
    return {
        (*exposure, outcome): float(np.corrcoef(ranks[exposure], ranks[outcome])[0, 1])
        for exposure, outcome in product(exposures, outcomes)
    }


def _simulated(kind: str, size: int, random: np.random.Generator) -> dict[tuple[str, str] | str, Array]:
    """Exposures by (basis, driver) and outcomes by measure, made by the functions that make the files."""
    lasting = plan.draw(size, random)
    standing = plan.in_year(lasting, YEAR, random)
    facts = plan.settings()["types"][kind]
    shares = {
        question.concept: survey.positive(question, survey.shares(question, standing, np.full(size, RESPONSES), random))
        for question in survey.questions()
    }
    answers = submissions.levels(standing, random)
    found: dict[tuple[str, str] | str, Array] = {}
    for driver in plan.plan()["drivers"]:
        found["staff_survey_evidence", driver] = _evidence(driver, shares)
        own = [place for place, item in enumerate(submissions.items()) if item["driver_id"] == driver]
        found["self_assessment", driver] = answers[:, own].mean(axis=1)
    found["staff_burnout"] = shares[BURNOUT]
    found["staff_intention_to_leave"] = shares[LEAVING]
    found["sickness_absence"] = _sickness(facts["sickness_rate"], standing, random)
    base = np.full(size, facts["within_18_weeks"])
    found["rtt_within_18_weeks"] = waiting.within_18_weeks(base, standing.outcomes[waiting.MEASURE], YEAR)
    found["cqc_locations_good_or_outstanding"] = _good(lasting, random)
    return found


def _evidence(driver: str, shares: dict[str, Array]) -> Array:
    items = [one.concept for one in survey.questions() if one.is_evidence and one.reflects == driver]
    return np.mean([shares[item] for item in items], axis=0)


def _sickness(base: float, standing: Latent, random: np.random.Generator) -> Array:
    outcome = standing.outcomes[sickness.SOURCE]
    base_rates = np.full(len(outcome), base)
    return np.mean([sickness.rates(base_rates, outcome, month, random) for month in range(1, 13)], axis=0)


def _good(lasting: Latent, random: np.random.Generator) -> Array:
    """Share of an organisation's locations rated good or outstanding."""
    standing = lasting.outcomes[ratings.MEASURE]
    noise = random.standard_normal((len(standing), ratings.MAXIMUM_LOCATIONS))
    count = random.choice(LOCATIONS, len(standing))[:, None]
    counted = np.arange(ratings.MAXIMUM_LOCATIONS) < count
    is_good = ratings.rating(ratings.scores(standing, noise)) >= ratings.GOOD
    return (is_good & counted).sum(axis=1) / counted.sum(axis=1)
