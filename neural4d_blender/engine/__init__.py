"""The engine: HTTP, money, the job journal, downloads. A child process of Blender's.

Standard library and requests only; imports neither bpy nor anything above this folder. The host
talks to it through ``protocol`` alone. Each room imports only those that stand below it here:

    process     the process itself: its pipe, commands, schedule and threads
    steps       what is done for a job next, and what a paid request has to pass
    spending    budgets, limits, prices
    protocol    the face that the host sees
    blenders    background Blenders
    files       results: fetched, unpacked, checked
    services    what each service can do, and how it is called
    http        requests, answers, refusals, how quickly
    store       the journal
    model       what jobs, requests and declarations are
    errors, lazy_imports, system (the clock and whatever else the engine takes from the computer)
"""
