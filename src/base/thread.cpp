#include "base/thread.hpp"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

namespace porter::detail::base {

void set_thread_name(char const* name)
{
    pthread_setname_np(pthread_self(), name);
    // On Linux the policy applies to this thread alone (sched(7), SCHED_BATCH). A failure is ignored: it only costs
    // speed. A policy that the administrator set is kept.
    if (sched_getscheduler(0) != SCHED_OTHER) return;
    sched_param const none{};
    pthread_setschedparam(pthread_self(), SCHED_BATCH, &none);
}

void lower_thread_priority(char const* name, int steps)
{
    pthread_setname_np(pthread_self(), name);
    // On Linux each thread has its own nice value. A failure is ignored: it only costs priority.
    auto const self = static_cast<id_t>(gettid());
    setpriority(PRIO_PROCESS, self, getpriority(PRIO_PROCESS, self) + steps);
}

}  // namespace porter::detail::base
