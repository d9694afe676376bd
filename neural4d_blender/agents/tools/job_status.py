"""The tools for jobs that there are: how they stand, waiting for them, choosing, ending, and what was found in them."""

from __future__ import annotations

import anyio
from mcp.server.mcpserver import Context
from mcp.types import CallToolResult

from ...client.jobs.snapshots import Job
from ...client.request_reply import LOOK
from ...engine.protocol import InvalidInput, State
from .. import tool_results
from . import arguments as a
from .base import Tools


class JobTools(Tools):
    """Status, wait, choose, cancel, report, history."""

    async def status(self, job: a.JobId) -> CallToolResult:
        """Say how a job stands, with small pictures of its models, or those to choose from. Costs nothing."""
        return self._with_pictures(await self.session.job(job))

    async def wait(self, job: a.JobId, ctx: Context, seconds: a.Seconds = 600.0) -> CallToolResult:
        """Wait until a job is ready, has failed, or waits for a picture to be chosen; then as status. Tells progress.

        Costs nothing. When the time is up, the job goes on all the same: wait again.
        """
        current = await self.session.going(job)
        told, words = -1.0, ""
        with anyio.move_on_after(seconds):
            while not tool_results.is_over(current):
                part = tool_results.part_done(current)
                if part > told or current.note != words:
                    told, words = max(part, told + 0.0001), current.note
                    await ctx.report_progress(round(told, 4), 1.0, words or str(current.state))
                await anyio.sleep(LOOK)
                current = await self.session.job(job)
        return self._with_pictures(current)

    async def choose(self, job: a.JobId, picture: int) -> CallToolResult:
        """Go on with one of the pictures that a job waits to have chosen, 0 for the first. It was quoted with that."""
        await self.session.job(job)
        await self.session.ask("choose", job=job, cutout=picture)
        return self.told(tool_results.of_job(await self.session.job(job)))

    async def cancel(self, job: a.JobId) -> CallToolResult:
        """Stop a job. Free until the service has accepted it; what is paid by then stays paid, and the user can go on
        with it.
        """
        await self.session.job(job)
        await self.session.ask("cancel", job=job)
        return self.told(tool_results.of_job(await self.session.job(job)))

    async def report(self, job: a.JobId) -> CallToolResult:
        """Tell what the checks found in a job's models, and what each is fit for: render, game, print. It is free."""
        found = await self.session.job(job)
        if found.state not in (State.READY, State.PLACED):
            raise InvalidInput("There is no model of this job yet.", "Call wait first.")
        return self.told({"job": job, "variants": tool_results.of_report(found)})

    async def history(self, text: str = "", provider: str = "", state: str = "", limit: a.Limit = 20) -> CallToolResult:
        """List this agent's own jobs, newest first, by words of the prompt, service and state. Costs nothing."""
        states = [state] if state else []
        if state and state not in [*State]:
            raise InvalidInput(f"There is no state {state!r}; there are: {', '.join(State)}.")
        found = await self.session.ask("history", text=text, provider=provider, states=states, limit=_LOOKED_THROUGH)
        own = [job for job in found.jobs if job.agent == self.session.agent]
        return self.told({"jobs": [tool_results.of_job(job) for job in own[:limit]], "more": len(own) > limit})

    def _with_pictures(self, job: Job) -> CallToolResult:
        choosing = job.state is State.CHOOSING_CUTOUT
        pictures = job.pictures if choosing else [one.preview for one in job.variants]
        return self.told(tool_results.of_job(job), pictures)


#: So many of all jobs are looked through for the agent's own.
_LOOKED_THROUGH = 500
