#include "base/thread.hpp"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

namespace porter::detail::base {

void set_thread_name(char const* name)
{
    pthread_setname_np(pthread_self(), name);
    // On Linux this is of the thread alone (sched(7), SCHED_BATCH); where it is not allowed the work is done as well.
    // Whoever gave the process another policy knows better.
    if (sched_getscheduler(0) != SCHED_OTHER) return;
    sched_param const none{};
    pthread_setschedparam(pthread_self(), SCHED_BATCH, &none);
}

void lower_thread_priority(char const* name, int steps)
{
    pthread_setname_np(pthread_self(), name);
    // On Linux a thread has a niceness of its own; that it cannot be lowered is no reason not to work.
    auto const self = static_cast<id_t>(gettid());
    setpriority(PRIO_PROCESS, self, getpriority(PRIO_PROCESS, self) + steps);
}

}  // namespace porter::detail::base
