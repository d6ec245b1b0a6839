"""All pages."""

from fastapi import APIRouter, Depends

from avatarium.leaderboards.service.asking import admitted
from avatarium.leaderboards.service.pages import board, docs, episode, matches, policy, season, submissions, submit

router = APIRouter(include_in_schema=False, dependencies=[Depends(admitted)])
for module in (board, matches, policy, submissions, episode, season, submit, docs):
    router.include_router(module.router)
