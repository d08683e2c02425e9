#include "config/reload_plan.hpp"

#include <set>

#include "config/fixtures.hpp"
#include "config/option.hpp"

namespace porter::detail::config {

using namespace std::chrono_literals;

namespace {

reload_plan plan_of(std::vector<std::string> running, std::vector<std::string> wanted)
{
    return plan_reload(options_of(std::move(running)), options_of(std::move(wanted)));
}

}  // namespace

TEST_CASE("a reload without a change has nothing to apply")
{
    auto const plan = plan_of({"--idle-timeout", "60s"}, {"--idle-timeout", "1m"});
    CHECK(plan.changes.empty());
    CHECK_FALSE(plan.applies_any());
}

TEST_CASE("a changed limit is applied and has its values for the log")
{
    auto const plan = plan_of({}, {"--idle-timeout", "90s", "--proxy-from", "10.0.0.0/8", "--proxy-from", "::1"});
    REQUIRE(plan.changes.size() == 2);
    CHECK(plan.changes[0].name == "idle-timeout");
    CHECK(plan.changes[0].before == "0s");
    CHECK(plan.changes[0].after == "90s");
    CHECK(plan.changes[0].is_applied);
    CHECK(plan.changes[1].before == "none");
    CHECK(plan.changes[1].after == "10.0.0.0/8, ::1");
    CHECK(plan.applies_any());
    CHECK(plan.next.server.idle_timeout == 90s);
    CHECK(plan.next.server.proxy_from.size() == 2);
}

TEST_CASE("an option that needs a restart keeps the value of the running server")
{
    auto const plan = plan_of({}, {"--port", "7000", "--max-frame", "2MiB"});
    REQUIRE(plan.changes.size() == 2);
    CHECK(plan.changes[0].name == "port");
    CHECK_FALSE(plan.changes[0].is_applied);
    CHECK_FALSE(plan.changes[1].is_applied);
    CHECK_FALSE(plan.applies_any());
    CHECK(plan.next.server.port == 7678);
    CHECK(plan.next.server.max_frame == 1024 * 1024);
    // The next reload says it again, until the restart or the old value in the file.
    CHECK(plan_reload(plan.next, options_of({"--port", "7000"})).changes.size() == 1);
}

TEST_CASE("commands and databases are not shown")
{
    auto const plan = plan_of({}, {"--service", "exec:play --key abc", "--database", "/tmp/other.db"});
    REQUIRE(plan.changes.size() == 2);
    for (auto const& each : plan.changes) {
        CHECK(each.before == "hidden");
        CHECK(each.after == "hidden");
    }
}

TEST_CASE("other TLS files are applied unless TLS is turned on or off as well")
{
    std::vector<std::string> const files{"--tls-key", "/k", "--tls-certificate", "/c"};
    auto with_mode = files;
    with_mode.insert(with_mode.end(), {"--tls", "required"});
    CHECK(plan_of({}, files).next.server.tls_key == "/k");
    auto const plan = plan_of({}, with_mode);
    CHECK(plan.changes.size() == 3);
    CHECK_FALSE(plan.applies_any());
    CHECK(plan.next.server.tls_key.empty());
}

TEST_CASE("every option but these can be changed while the server runs")
{
    std::set<std::string_view> fixed;
    for (auto const& one : all_options()) {
        if (one.reload == nullptr) fixed.insert(one.name);
    }
    CHECK(
        fixed ==
        std::set<std::string_view>{
            "port",     "audit-keep",   "bind",        "strict-port", "port-file",     "data-dir",         "database",
            "log-file", "log-format",   "access",      "service",     "max-processes", "forward-identity", "max-frame",
            "threads",  "hash-threads", "hash-memory", "hash-ops",    "tls",           "metrics",          "no-input",
            "check",    "print-config"});
}

}  // namespace porter::detail::config
