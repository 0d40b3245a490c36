"""XGBoost on the rows that bench/failure.ts wrote. Exit code 3 where it is not installed."""
import json
import sys
import time

try:
    import numpy
    import xgboost
except ImportError:
    sys.exit(3)

folder, parameters = sys.argv[1], json.loads(sys.argv[2])


def load(name):
    return numpy.load(f"{folder}/{name}.npy"), numpy.load(f"{folder}/{name}_labels.npy")


features, labels = load("learned")
judged, judged_labels = load("judged")
started_at = time.process_time()
trained = xgboost.train(
    {
        "objective": "binary:logistic",
        "tree_method": "hist",
        "nthread": 1,
        "max_bin": 256,
        "base_score": parameters["base"],
        "max_depth": parameters["depth"],
        "eta": parameters["rate"],
        "lambda": parameters["l2"],
        "alpha": parameters["l1"],
        "gamma": parameters["gainMin"],
        "min_child_weight": parameters["childWeightMin"],
        "scale_pos_weight": parameters["positiveWeight"],
        "monotone_constraints": tuple(parameters.get("monotone", ())),
        "seed": parameters["seed"],
    },
    xgboost.DMatrix(features, labels, nthread=1),
    num_boost_round=parameters["trees"],
)
seconds = time.process_time() - started_at
margins = trained.predict(xgboost.DMatrix(judged, nthread=1), output_margin=True)
json.dump(
    {"version": xgboost.__version__, "seconds": seconds, "margins": margins.tolist()}, sys.stdout
)
