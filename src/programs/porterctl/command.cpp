#include "programs/porterctl/command.hpp"

namespace porter::programs {

std::string name_of(command const& entry)
{
    return std::string{entry.noun} + (entry.verb.empty() ? "" : " ") + std::string{entry.verb};
}

std::vector<command const*> all_commands()
{
    std::vector<command const*> all;
    for (auto const& group : {accounts_commands(), sessions_commands(), addresses_commands(), audit_commands(),
                              bans_commands(), invitations_commands(), connections_commands(), top_commands(),
                              ping_commands(), explain_commands(), db_commands()}) {
        for (auto const& one : group) all.push_back(&one);
    }
    return all;
}

}  // namespace porter::programs
