"""Section, peer: implicit's alternating least squares on the same interactions, and the top 20 of everybody.

As its documentation advises: a CSR matrix, a pool of threads of its own and none of OpenBLAS, conjugate gradients.
Arguments: Parquet file with user_id and item_id, JSON of parameters, file to write the factors to.
"""

import json
import os
import sys
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy is loaded

import implicit
import numpy as np
import pyarrow.parquet as pq
import scipy.sparse as sp

FILE, PARAMETERS, FACTORS_FILE = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
TOP = 20


def main() -> None:
    table = pq.read_table(FILE, columns=["user_id", "item_id"])
    began = time.perf_counter()
    user, item = (table[name].combine_chunks().dictionary_encode() for name in table.column_names)
    values = np.ones(len(table), np.float32)
    matrix = sp.csr_matrix((values, (user.indices.to_numpy(), item.indices.to_numpy())))
    ready = time.perf_counter()
    model = implicit.als.AlternatingLeastSquares(random_state=0, use_gpu=False, **PARAMETERS)
    model.fit(matrix, show_progress=False)
    trained = time.perf_counter()
    model.recommend(np.arange(matrix.shape[0]), matrix, N=TOP, filter_already_liked_items=True)
    done = time.perf_counter()
    np.savez(
        FACTORS_FILE,
        user_factors=model.user_factors,
        item_factors=model.item_factors,
        users=user.dictionary.to_numpy(zero_copy_only=False),
        items=np.array(item.dictionary.to_pylist()),
    )
    told = {"seconds": trained - began, "train": trained - ready, "users_per_s": matrix.shape[0] / (done - trained)}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
