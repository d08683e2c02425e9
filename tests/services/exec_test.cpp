#include "services/exec.hpp"

#include <csignal>
#include <string>

#include "porter/testing.hpp"
#include "support/catch.hpp"

using namespace porter::testing;
using namespace std::chrono_literals;
using porter::code;
using porter::detail::services::exec;
using porter::detail::services::exec_options;
using porter::detail::services::process_pool;

namespace {

// As terminal::prepare_process() does for porterd: a write to a command that does not read is an error.
[[maybe_unused]] auto const previous = std::signal(SIGPIPE, SIG_IGN);

exec_options running(std::string command)
{
    exec_options options;
    options.command = std::move(command);
    return options;
}

porter::service service_of(exec& shared)
{
    return [&shared](porter::connection& client) { return shared.serve(client); };
}

}  // namespace

TEST_CASE("a command gets each text as a line and each of its lines is a text")
{
    exec shared{running("cat")};
    service_test test{service_of(shared)};
    auto ann = test.connect("Ann");
    ann.send("hello");
    CHECK(ann.receive() == "hello");
    ann.send("two\nlines");
    CHECK(ann.receive() == "two lines");
    ann.send(std::string_view{"a\0b", 3});
    CHECK(ann.receive() == "a b");
    ann.send("");
    CHECK(ann.receive().empty());
    ann.send("$(touch /tmp/x); `id`");
    CHECK(ann.receive() == "$(touch /tmp/x); `id`");
    ann.close();
}

TEST_CASE("the end of a command closes the connection after its output")
{
    exec shared{running("echo one; printf two; exit 3")};
    service_test test{service_of(shared)};
    auto ann = test.connect("Ann");
    CHECK(ann.receive() == "one");
    CHECK(ann.receive() == "two");
    CHECK(ann.receive_close().code == code::normal);
    CHECK(test.server().log().count("command_exited") == 1);
}

TEST_CASE("a command knows who is connected")
{
    exec shared{running("echo \"$PORTER_NAME|$PORTER_ADDRESS|${PORTER_SESSION:-none}\"")};
    service_test test{service_of(shared)};
    auto ann = test.connect("Ann $(id)", "192.0.2.7");
    CHECK(ann.receive() == "Ann $(id)|192.0.2.7|none");
}

TEST_CASE("what a background process holds open does not keep the connection")
{
    exec shared{running("echo done; sleep 1000 & exit")};
    service_test test{service_of(shared)};
    auto ann = test.connect("Ann");
    CHECK(ann.receive() == "done");
    CHECK(ann.receive_close().code == code::normal);
}

TEST_CASE("a command that has closed its output and input goes on")
{
    exec shared{running("exec <&- >&-; sleep 0.01; exit 4")};
    service_test test{service_of(shared)};
    auto ann = test.connect("Ann");
    ann.send("to no reader");
    CHECK(ann.receive_close().code == code::normal);
    CHECK(test.server().log().count("command_exited") == 1);
}

TEST_CASE("data is denied and the standard error is logged")
{
    exec shared{running("echo oh >&2; cat")};
    service_test test{service_of(shared)};
    auto ann = test.connect("Ann");
    ann.send_data("x");
    CHECK(ann.receive_denial().code == code::not_supported);
    test.wait_until([&] { return test.server().log().count("command_stderr") == 1; }, "the line is logged");
}

TEST_CASE("a connection past the limit of processes is closed until one has ended")
{
    auto options = running("cat");
    options.max_processes = 1;
    exec shared{options};
    service_test test{service_of(shared)};
    auto ann = test.connect("Ann");
    auto bob = test.connect("Bob");
    auto const end = bob.receive_close();
    CHECK(end.code == code::unavailable);
    CHECK_FALSE(end.reason.empty());
    ann.send("still there");
    CHECK(ann.receive() == "still there");
    ann.close();
    test.wait_until([&] { return shared.size() == 0; }, "the process has ended");
    auto cleo = test.connect("Cleo");
    cleo.send("hi");
    CHECK(cleo.receive() == "hi");
}

TEST_CASE("a command that ignores SIGTERM is killed")
{
    process_pool pool{1, 50ms};
    auto started =
        pool.start(pool.take_slot(), "trap '' TERM HUP; while :; do sleep 1000; done", {"PATH=/usr/bin:/bin"});
    REQUIRE(started);
    CHECK_FALSE(pool.take_slot());
    pool.end(std::move(*started));
    while (pool.size() != 0) std::this_thread::yield();
    CHECK(pool.take_slot());
}
