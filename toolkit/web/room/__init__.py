"""The live room: what the presenter shows, polls, questions, who is there, and the streams that carry it."""
