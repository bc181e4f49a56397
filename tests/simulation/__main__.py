"""`python -m tests.simulation --seeds=A-B`: runs seeds; the first story that violates an invariant is shrunk and told."""
import sys,time
from tests.simulation.run import run
a,b=map(int,sys.argv[1].partition("=")[2].split("-"))
t=time.process_time(); calls=0
import time_machine
bad=0
for s in range(a,b+1):
    o=run(s); calls+=o.calls
    if o.violations: print(s,o.violations,flush=True); bad+=1
dt=time.process_time()-t
print(b-a+1,"seeds",round(dt,1),"s",calls,"calls",round(dt/calls*1000,2),"ms/call",bad,"bad")
sys.exit(bool(bad))
