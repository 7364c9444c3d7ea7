"""`sanqu evaluate`: measures by hand, and a file of a known outcome."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from app.cli import main
from app.matching import evaluation as measures
from app.services.jobs import evaluation
from tests.conftest import ROOT

SET = ROOT / "benchmarks" / "evaluation"
CARDS, GRADES = SET / "town-cards.json", [SET / "town-grades-a.csv", SET / "town-grades-b.csv"]
SEEDS = ROOT / "seeds"


def test_gain_is_discounted_by_place() -> None:
    every = [3.0, 2.0, 0.0]
    assert measures.ndcg([3, 2, 0], every, 5) == pytest.approx(1)
    # 2^2−1 at place 1, 2^3−1 at place 2, against the other way round.
    by_hand = (3 + 7 / np.log2(3)) / (7 + 3 / np.log2(3))
    assert measures.ndcg([2, 3, 0], every, 5) == pytest.approx(by_hand)
    assert measures.ndcg([2], every, 1) == pytest.approx(3 / 7)
    assert measures.ndcg([], every, 5) == 0
    assert np.isnan(measures.ndcg([0], [0, 0], 5))


def test_shares_and_inequality() -> None:
    assert measures.precision_at_one([2, 0]) == 1
    assert measures.precision_at_one([1.5, 3]) == measures.precision_at_one([]) == 0
    assert measures.recall([2, 0, 3], [2, 0, 3, 3], 2) == pytest.approx(1 / 3)
    assert np.isnan(measures.recall([1], [1], 5))
    assert measures.gini([4, 4, 4]) == pytest.approx(0)
    assert measures.gini([0, 0, 0, 8]) == pytest.approx(0.75)
    assert measures.gini([0, 0]) == 0


def test_agreement() -> None:
    assert measures.weighted_kappa([0, 1, 2, 3], [0, 1, 2, 3], 4) == pytest.approx(1)
    assert measures.weighted_kappa([0, 0, 3, 3], [0, 3, 0, 3], 4) == pytest.approx(0)
    assert measures.weighted_kappa([0, 3], [3, 0], 4) == pytest.approx(-1)
    # Near misses weigh a ninth of the far ones.
    assert measures.weighted_kappa([0, 1, 3, 3], [0, 0, 3, 3], 4) > 0.9


def test_the_interval_is_paired_and_seeded() -> None:
    ours, theirs = [0.9, 0.8, 0.7, float("nan")], [0.5, 0.4, 0.3, 0.1]
    found = measures.paired_difference(ours, theirs, resamples=500, seed=1)
    assert (found.mean, found.low, found.high) == pytest.approx((0.4, 0.4, 0.4))
    assert found.is_clear
    noisy = measures.paired_difference([1, 0, 1, 0], [0, 1, 0, 1], resamples=500, seed=1)
    assert noisy == measures.paired_difference([1, 0, 1, 0], [0, 1, 0, 1], resamples=500, seed=1)
    assert noisy.low < 0 < noisy.high
    assert not noisy.is_clear


def test_the_towns_own_set() -> None:
    """40 seekers × 25 vacancies by two raters who saw no score; reported on 27. A floor against getting worse, not a target to tune to."""
    report = evaluation.evaluate(CARDS, GRADES, seeds=SEEDS, tuning=13, resamples=500)
    assert (report.pairs, report.vacancies) == (1000, 25)
    assert report.kappa is not None
    assert report.kappa > 0.9
    tuning, reported = report.parts
    assert (tuning.seekers, reported.seekers) == (13, 27)
    ours, *simple = reported.systems
    assert {system.name for system in simple} == {"新发布在前", "离家最近", "工种相近再近", "工资最高", "BM25"}
    assert float(np.nanmean(ours.by_seeker["nDCG@10"])) > 0.78
    for other in simple:
        found = measures.paired_difference(
            ours.by_seeker["nDCG@10"], other.by_seeker["nDCG@10"], resamples=500, seed=evaluation.SEED
        )
        if other.name in {"新发布在前", "离家最近", "工资最高"}:
            assert found.low > 0, other.name


def small(tmp_path: Path, **changes: object) -> Path:
    cards = json.loads(CARDS.read_text())
    file = {"seekers": cards["seekers"][:1], "vacancies": cards["vacancies"][:2]} | {
        "labels": [{"seeker": "s01", "vacancy": "v01", "label": 0}, {"seeker": "s01", "vacancy": "v02", "label": 3}]
    }
    path = tmp_path / "file.json"
    path.write_text(json.dumps(file | changes))
    return path


def test_labels_may_stand_in_the_file(tmp_path: Path) -> None:
    answer = CliRunner().invoke(main, ["evaluate", str(small(tmp_path)), "--resamples", "100"])
    assert answer.exit_code == 0, answer.output
    assert "file.json：标注 2 对，岗位 2 个" in answer.output
    assert "| 推荐 |" in answer.output
    assert "kappa" not in answer.output


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"labels": []}, "没有标注"),
        ({"labels": [{"seeker": "s01", "vacancy": "v01", "label": 4}]}, "labels.0.label"),
        ({"vacancies": [{"id": "v01"}]}, "vacancies.0"),
        ({"seekers": []}, "seekers"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(tmp_path: Path, changes: dict[str, object], why: str) -> None:
    answer = CliRunner().invoke(main, ["evaluate", str(small(tmp_path, **changes))])
    assert answer.exit_code == 1
    assert why in answer.stderr


def test_a_wrong_line_is_named(tmp_path: Path) -> None:
    grades = tmp_path / "grades.csv"
    grades.write_text("seeker,vacancy,grade\ns01,v01,3\ns01,v99,3\n")
    answer = CliRunner().invoke(main, ["evaluate", str(small(tmp_path)), "--labels", str(grades)])
    assert answer.exit_code == 1
    assert "grades.csv 第 3 行" in answer.stderr
    assert CliRunner().invoke(main, ["evaluate", str(tmp_path / "none.json")]).exit_code == 1
