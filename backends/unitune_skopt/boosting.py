"""The library's boosted quantile trees, mended for today's scikit-learn and numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
from skopt.learning import GradientBoostingQuantileRegressor

LOW, MIDDLE, HIGH = 0.16, 0.5, 0.84


class BoostedQuantiles(GradientBoostingQuantileRegressor):  # type: ignore[misc]
    """Quantile trees that scikit-learn takes for a regressor and numpy 2 can predict with.

    Upstream names its base classes in an order in which scikit-learn 1.7 loses the regressor's
    tags, and predicts with `numpy.in1d`, which numpy 2.4 no longer has. Fitting is upstream's.
    """

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import RegressorTags

        tags = super().__sklearn_tags__()
        tags.estimator_type = "regressor"
        tags.regressor_tags = RegressorTags()
        return tags

    def predict(
        self,
        X: Any,  # noqa: N803 - scikit-learn's name
        return_std: bool = False,  # noqa: FBT001, FBT002 - the library's signature
        return_quantiles: bool = False,  # noqa: FBT001, FBT002 - the same
    ) -> Any:
        """Predict the median, with half the 16 to 84 % range as deviation where asked for."""
        if return_quantiles:
            return np.array([tree.predict(X) for tree in self.regressors_]).T
        median = self._quantile(MIDDLE, X)
        if not return_std:
            return median
        return median, (self._quantile(HIGH, X) - self._quantile(LOW, X)) / 2.0

    def _quantile(self, share: float, points: Any) -> Any:
        if share not in self.quantiles:
            raise ValueError(f"the quantiles {self.quantiles!r} lack {share}; add it")
        return self.regressors_[self.quantiles.index(share)].predict(points)
