"""A helper process that has imported everything, and forks to answer each request.

The client (:mod:`client`) imports nothing heavy: it passes its arguments, environment, working
directory and standard streams over a socket, and ends with the status that comes back. The helper
(:mod:`server`) only imports; it never computes, because neither autograd nor OpenMP survives a
fork. What answers is a forked worker that runs the same code as a cold run. Whatever goes wrong
before an answer has begun, the client runs cold.
"""
