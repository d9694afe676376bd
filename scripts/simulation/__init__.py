"""The proof by simulation: the very engine code in one thread on virtual time, and a seed that decides everything.

Beside the simulated services only (scripts/simulator). Greenlets take the place of threads, so greenlet is needed:
`scripts/simulate.py` sets up an environment that has it.

    scheduler, threads      who goes on, by the seed; locks and the like for that
    setting_up              loads the engine with these threads in it, and everything below in its place
    computer, disk          what the engine takes from the computer
    wire, services, faults  the network, the services in memory, what goes wrong on the way
    stand_ins               what services make, at once
    pipes, host, users      a Blender: the extension's own client, and its user
    plan, planning          what is to happen in a world, made by a seed
    world, witness          lets it happen, and holds all that has to hold
    planted                 small changes to the engine, each of which has to be found
    campaign, command_line  many seeds, on all processors; stories, and how they are made short
"""
