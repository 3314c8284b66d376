"""ENTRY, run by the model server's Python: OpenVINO on patches from memory, nothing else.

    _openvino_alone.py <model.xml> <patches.npy>

As the server runs it: two requests at a time, one thread each. Prints `{"cpu_ms", "patches"}`, CPU ms a patch.
"""

import json
import sys
import threading
import time
from itertools import count

import numpy as np
import openvino

INSTANCES = 2


def main(model: str, patches_file: str) -> None:
    patches = np.load(patches_file)
    compiled = openvino.Core().compile_model(
        model,
        "CPU",
        {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": 1, "ENABLE_CPU_PINNING": False},
    )
    requests = [compiled.create_infer_request() for _ in range(INSTANCES)]
    for request in requests:
        request.infer([patches[:1]])
    numbers = count()

    def work(request: openvino.InferRequest) -> None:
        while (number := next(numbers)) < len(patches):
            request.infer([patches[number : number + 1]])

    began = time.process_time()
    threads = [threading.Thread(target=work, args=(request,)) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"cpu_ms": (time.process_time() - began) * 1000 / len(patches), "patches": len(patches)}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
