"""The proof by simulation: the very engine code in one thread on virtual time, and a seed that decides everything.

Beside the simulated services only (scripts/simulator). Greenlets take the place of threads, so greenlet is needed:
`scripts/simulate.py` sets up an environment that has it.

    machine      what the engine takes from the computer: threads, clock, disk, pipes, network, other programs
    setting_up   loads the engine with that machine in place of the real one
    services, faults, limits    the services in memory, what goes wrong on the way, what they keep to
    host, users, agents    a Blender: the extension's own client, its user, and agents with their quotes
    plan, planning              what is to happen in a world, made by a seed
    world, witness, allowances  lets it happen, and holds all that has to hold
    campaigns    many seeds, on all processors; changes to the engine that have to be found; stories made short
"""
