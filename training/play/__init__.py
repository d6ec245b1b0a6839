"""Where experience is made: worlds stepped in batches by policies, opponents and scripted minds, gathered in fragments."""
