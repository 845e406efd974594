"""Which label a sentence has, learned from examples: kernel ridge regression over pieces of words and over a vector of the sentence.

Two sentences are alike by the pieces that they share (a linear kernel) and by what they mean (a Gaussian kernel over the sentence vectors).
One system of equations gives, for every label, how much each example speaks for it; the same solution says how each example would have been
scored without itself, from which confidence is learned at no further cost.

Knows nothing of Rasa. What is learned are numbers and words, stored as arrays and JSON: nothing that runs when it is loaded.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, hstack

from nlu.rasa.grams import VIEWS, count

Array = NDArray[np.float32]
Counted = Mapping[str, Sequence[Counter[str]]]
BLOCK = 512  # sentences
CONSTANT = 0.1  # a kernel's constant part: every label may lie above or below the others as a whole


@dataclass(frozen=True)
class Options:
    """What can be set in `config.yml`."""

    views: Mapping[str, float]  # the ways to look at a sentence, and how much each counts
    dense: float  # how much the sentence vector counts
    width: float  # of the Gaussian: higher sees only near sentences as alike
    calm: float  # ridge: higher fits the examples less closely
    balance: float  # 0: a label counts by its number of examples; 1: all labels alike
    rarest: int  # a piece must stand in so many sentences
    lean: Mapping[str, float]  # what is added to the score (0 to 1) of a label; "*": of every label that is no topic of a question
    certainty: float | None  # the factor that makes scores into probabilities; None: learned from the examples


@dataclass(frozen=True)
class View:
    """The pieces of one way to look at a sentence that were seen in training, with how telling each is."""

    name: str
    weight: float
    places: Mapping[str, int]
    telling: Array

    @classmethod
    def learn(cls, name: str, weight: float, counted: Sequence[Counter[str]], rarest: int) -> View:
        """From the counted pieces of all training sentences."""
        seen: Counter[str] = Counter()
        for pieces in counted:
            seen.update(pieces.keys())
        kept = sorted(piece for piece, times in seen.items() if times >= rarest)
        often = np.array([seen[piece] for piece in kept], dtype=np.float64)
        telling = np.log((1 + len(counted)) / (1 + often)) + 1
        return cls(name, weight, {piece: at for at, piece in enumerate(kept)}, telling.astype(np.float32))

    def row(self, pieces: Mapping[str, int]) -> tuple[NDArray[np.int32], Array]:
        """The places of the known pieces, and for each 1 + log of how often it stands there, times how telling it is.

        The squared length of the values is `weight`, so that a long sentence counts as much as a short one.
        """
        known = [(place, often) for piece, often in pieces.items() if (place := self.places.get(piece)) is not None]
        if not known:
            return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32)
        at = np.array([place for place, _ in known], dtype=np.int32)
        values = (1 + np.log(np.array([often for _, often in known], dtype=np.float32))) * self.telling[at]
        return at, np.asarray(values * (np.sqrt(self.weight) / np.linalg.norm(values)), dtype=np.float32)

    def matrix(self, counted: Sequence[Mapping[str, int]]) -> csr_matrix:
        """One row a sentence; see `row`."""
        rows = [self.row(pieces) for pieces in counted]
        ends = np.concatenate([[0], np.cumsum([len(at) for at, _ in rows])])
        at = np.concatenate([at for at, _ in rows])
        return csr_matrix((np.concatenate([values for _, values in rows]), at, ends), shape=(len(counted), len(self.places)))


@dataclass(frozen=True)
class Meaning:
    """The sentence vectors of the examples, and what each says for each label."""

    middle: Array
    examples: Array  # centred, of length 1
    weight: float
    width: float
    says: Array  # a row an example, a column a label

    def alike(self, vectors: Array, which: slice = slice(None)) -> Array:
        """How alike each of `vectors` (rows) is to each example, or to those of `which`."""
        near = centred(vectors, self.middle) @ self.examples[which].T
        kernel: Array = np.float32(self.weight) * np.exp(np.float32(self.width) * (near - 1))
        return kernel


def centred(vectors: Array, middle: Array) -> Array:
    """Rows of length 1 around the middle: e5's vectors all point much the same way, and differ in the rest."""
    moved = vectors - middle
    return np.asarray(moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def softmax(scores: Array) -> Array:
    """Rows of scores → rows of probabilities."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float32)


def certainty(scores: Array, targets: NDArray[np.int64]) -> float:
    """The factor at which the softmax of `scores` says how often it is right: the likeliest one for the targets (temperature scaling)."""
    each = np.arange(len(targets))

    def unlikely(factor: float) -> float:
        return float(-np.log(softmax(scores * np.float32(factor))[each, targets] + 1e-12).mean())

    return float(minimize_scalar(unlikely, bounds=(0.5, 100.0), method="bounded").x)


def _solve(kernel: Array, targets: NDArray[np.int64], labels: int, calm: float, balance: float) -> tuple[Array, Array]:
    """What each example says for each label, and the score of each example when it is left out. Works in place on `kernel`, of which the
    lower triangle is read and no more."""
    size = len(targets)
    weight = (size / labels / np.bincount(targets, minlength=labels)[targets]) ** balance
    kernel[np.diag_indices(size)] += (calm / weight).astype(np.float32)
    lower, failed = lapack.spotrf(kernel, lower=1, overwrite_a=1)
    if failed:
        raise ValueError("the examples cannot be learned: `calm` must be above 0")
    wanted = np.zeros((size, labels), dtype=np.float32)
    wanted[np.arange(size), targets] = 1
    says = np.asarray(lapack.spotrs(lower, wanted, lower=1)[0], dtype=np.float32)
    # Of the kernel's inverse the diagonal is enough: the squared lengths of the columns of the factor's inverse, for a third of the work.
    factor, _ = lapack.strtri(lower, lower=1, overwrite_c=1)
    columns = [factor[:, first : first + BLOCK] for first in range(0, size, BLOCK)]
    diagonal = np.concatenate([np.einsum("ij,ij->j", column, column, dtype=np.float64) for column in columns])
    return says, np.asarray(wanted - says / diagonal[:, np.newaxis], dtype=np.float32)


class Ridge:
    """Learned from labelled sentences by `learn`; immutable after that."""

    def __init__(
        self, labels: Sequence[str], views: Sequence[View], weights: Array, base: Array, meaning: Meaning | None, factor: float
    ) -> None:
        self.labels = tuple(labels)
        self.factor = factor
        self._views = tuple(views)
        self._weights = weights  # a row a piece, a column a label
        self._base = base
        self._meaning = meaning

    @classmethod
    def learn(cls, texts: Sequence[str], labels: Sequence[str], dense: Array | None, options: Options) -> Ridge:
        """`dense`: one vector a sentence, or None. Raises `ValueError` with fewer than two labels or an unknown view."""
        names = sorted(set(labels))
        if len(names) < 2:
            raise ValueError("the training data needs at least two intents")
        unknown = sorted(options.views.keys() - VIEWS.keys())
        if unknown:
            raise ValueError(f"no such view of a sentence: {', '.join(unknown)}")
        place = {name: at for at, name in enumerate(names)}
        targets = np.array([place[label] for label in labels], dtype=np.int64)
        counted = {name: [count(name, text) for text in texts] for name in options.views}
        views = [View.learn(name, weight, counted[name], options.rarest) for name, weight in options.views.items()]
        rows = _matrix(views, counted)
        meaning = None
        if dense is not None:
            middle = np.asarray(dense.mean(axis=0), dtype=np.float32)
            none = np.zeros((len(texts), len(names)), dtype=np.float32)
            meaning = Meaning(middle, centred(dense, middle), options.dense, options.width, none)
        kernel = np.empty((len(texts), len(texts)), dtype=np.float32, order="F")

        def fill(first: int) -> None:
            here, below = slice(first, first + BLOCK), slice(first, None)
            kernel[below, here] = (rows[below] @ rows[here].T).toarray() + np.float32(CONSTANT)
            if meaning is not None and dense is not None:
                kernel[below, here] += meaning.alike(dense[here], below).T

        # In pieces, for all at once would take several times the memory; side by side, for the products let go of the interpreter.
        with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
            list(pool.map(fill, range(0, len(texts), BLOCK)))
        says, unseen = _solve(kernel, targets, len(names), options.calm, options.balance)
        lean = np.array([options.lean.get(name, 0.0 if "/" in name else options.lean.get("*", 0.0)) for name in names], dtype=np.float32)
        unseen += lean
        factor = certainty(unseen, targets) if options.certainty is None else options.certainty
        if meaning is not None:
            meaning = Meaning(meaning.middle, meaning.examples, meaning.weight, meaning.width, says)
        weights = np.asarray(rows.T @ says, dtype=np.float32)
        return cls(names, views, weights, CONSTANT * says.sum(axis=0) + lean, meaning, factor)

    def scores(self, text: str, dense: Array | None) -> Array:
        """How much speaks for each of `labels`. `dense`: the sentence's vector; needed exactly when the model was learned with vectors."""
        if (dense is None) != (self._meaning is None):
            raise ValueError("the model was trained with sentence vectors and gets none, or the other way round: train it again")
        found = self._base
        first = 0
        for view in self._views:
            at, values = view.row(count(view.name, text))
            found = found + values @ self._weights[first + at]
            first += len(view.places)
        if self._meaning is not None and dense is not None:
            found = found + (self._meaning.alike(dense[np.newaxis, :]) @ self._meaning.says)[0]
        return np.asarray(found, dtype=np.float32)

    def probabilities(self, text: str, dense: Array | None) -> Array:
        """How likely each of `labels` is; see `scores`."""
        return softmax(self.scores(text, dense)[np.newaxis, :] * np.float32(self.factor))[0]

    def store(self, folder: Path) -> None:
        """Writes the model into an existing folder."""
        about = {
            "labels": self.labels,
            "factor": self.factor,
            "views": [{"name": view.name, "weight": view.weight, "pieces": list(view.places)} for view in self._views],
            "meaning": None if self._meaning is None else {"weight": self._meaning.weight, "width": self._meaning.width},
        }
        (folder / "model.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
        arrays = {f"telling_{view.name}": view.telling for view in self._views}
        if self._meaning is not None:
            # halves are exact enough for examples of length 1, and halve the file
            arrays |= {"middle": self._meaning.middle, "examples": self._meaning.examples.astype(np.float16), "says": self._meaning.says}
        np.savez(folder / "model.npz", weights=self._weights.astype(np.float16), base=self._base, **arrays)

    @classmethod
    def load(cls, folder: Path) -> Ridge:
        """Reads what `store` wrote. Raises `FileNotFoundError` if nothing was stored."""
        about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        with np.load(folder / "model.npz", allow_pickle=False) as stored:
            views = []
            for view in about["views"]:
                places = {piece: at for at, piece in enumerate(view["pieces"])}
                views.append(View(view["name"], view["weight"], places, stored[f"telling_{view['name']}"]))
            meaning = None
            if about["meaning"] is not None:
                examples = stored["examples"].astype(np.float32)
                meaning = Meaning(stored["middle"], examples, about["meaning"]["weight"], about["meaning"]["width"], stored["says"])
            return cls(about["labels"], views, stored["weights"].astype(np.float32), stored["base"], meaning, about["factor"])


def _matrix(views: Sequence[View], counted: Counted) -> csr_matrix:
    return hstack([view.matrix(counted[view.name]) for view in views], format="csr", dtype=np.float32)
