#include "library/health.hpp"

namespace porter::detail::library {

health_facts facts_of(monitored const& parts)
{
    health_facts facts;
    facts.is_stopping = parts.server.is_stopping();
    if (parts.storage != nullptr) {
        facts.change_error = parts.storage->statistics->changes.fault.problem();
        facts.lookup_error = parts.storage->statistics->lookups.fault.problem();
    }
    facts.is_partitioned = parts.registry.is_partitioned();
    facts.is_log_short_of_space = parts.log != nullptr && parts.log->is_short_of_space();
    return facts;
}

std::vector<problem> problems_of(health_facts const& facts)
{
    std::vector<problem> found;
    if (facts.is_stopping) found.push_back({"stopping", "the server stops"});
    if (facts.change_error) found.push_back({"store", "changes fail: " + *facts.change_error});
    if (facts.lookup_error) found.push_back({"store", "look-ups fail: " + *facts.lookup_error});
    if (facts.is_partitioned) found.push_back({"partitioned", "there is no contact with the primary of the database"});
    if (facts.is_log_short_of_space) {
        found.push_back({"disk", "the file system of the log is almost full, so no line is written"});
    }
    return found;
}

}  // namespace porter::detail::library
