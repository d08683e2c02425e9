// How the persistent client gets access, and when it stops for good.

#include "client/persistent_client_fixture.hpp"
#include "tls/contexts.hpp"

using namespace porter;
using namespace porter::testing;
using namespace std::chrono_literals;

namespace {

using strings = std::vector<std::string>;

std::vector<step> script_of(std::vector<step> steps)
{
    steps.insert(steps.begin(), {receive(kind::hello), send(authenticate)});
    return steps;
}

protocol::granted const resume_granted{protocol::auth_method::resume, "Alice", 7, "", 2000, 1000, "192.0.2.7", 0};

/// A denial ends its script with the client's closing.
std::vector<step> denial(kind request, code reason, std::uint32_t retry_after = 0)
{
    return {receive(request), send(protocol::denied{static_cast<std::uint16_t>(reason), retry_after, "because"})};
}

std::vector<step> operator+(std::vector<step> first, std::vector<step> const& second)
{
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

/// Sets a flag when a coroutine's frame is destroyed.
class flag_at_end {
public:
    explicit flag_at_end(bool& flag) : flag_(flag) {}
    ~flag_at_end() { flag_ = true; }
    flag_at_end(flag_at_end const&) = delete;
    flag_at_end& operator=(flag_at_end const&) = delete;

private:
    bool& flag_;
};

std::vector<step> const login_and_closing{receive(kind::login), send(login_granted), receive(kind::closing)};

/// Runs scripts, one for each connection, with a client until it has stopped, or until it is connected for the
/// `connections`th time and is closed.
std::vector<std::string> run_client(persistent_client_fixture& fixture, persistent_client_options options,
                                    std::vector<std::vector<step>> scripts, std::uint64_t connections = 0)
{
    asio::io_context io;
    scripted_server server{io, scripts.front()};
    for (std::size_t i = 1; i < scripts.size(); ++i) server.add(scripts[i]);
    auto const with_client = [&](scripted_server& running) -> task<void> {
        auto client = fixture.start(running, io.get_executor(), std::move(options));
        while (client.ended() == nullptr && (connections == 0 || client.state().connection < connections)) {
            co_await yield();
        }
        co_await client.close();
    };
    play(server, io, with_client);
    return server.received();
}

}  // namespace

TEST_CASE("a persistent client logs in and saves its token in a private file")
{
    persistent_client_fixture fixture;
    run_client(fixture, fixture.options(), {script_of(login_and_closing)}, 1);
    CHECK(fixture.states == strings{"connecting", "connected 1", "stopped normal"});
    CHECK(fixture.folder.mode_of("sessions") == 0600);
    auto const line = fixture.folder.read("sessions");
    CHECK(line.starts_with("127.0.0.1 "));
    CHECK(line.ends_with(" plain - 2000 prt_token Alice\n"));
    CHECK(fixture.warnings.empty());
}

TEST_CASE("a persistent client resumes its session after a lost connection")
{
    persistent_client_fixture fixture;
    auto const received = run_client(fixture, fixture.options(),
                                     {script_of({receive(kind::login), send(login_granted), hang_up()}),
                                      script_of({receive(kind::resume), send(resume_granted), receive(kind::closing)})},
                                     2);
    CHECK(received.at(3).find("prt_token") != std::string::npos);
    CHECK(fixture.states ==
          strings{"connecting", "connected 1", "waiting 500", "connecting", "resumed 2", "stopped normal"});
}

TEST_CASE("a new persistent client resumes the saved session without a password")
{
    persistent_client_fixture fixture;
    asio::io_context io;
    scripted_server server{io, script_of(login_and_closing)};
    server.add(script_of({receive(kind::resume), send(resume_granted), receive(kind::closing)}));
    auto const run_twice = [&](scripted_server& running) -> task<void> {
        for (int i = 0; i < 2; ++i) {
            auto options = fixture.options();
            if (i == 1) options.password.clear();
            if (i == 1) options.name.clear();
            auto client = fixture.start(running, io.get_executor(), std::move(options));
            auto const conn = co_await client.connected();
            REQUIRE(conn);
            CHECK(conn->granted()->name == "Alice");
            CHECK(client.state().resumed == (i == 1));
            co_await client.close();
        }
    };
    play(server, io, run_twice);
}

TEST_CASE("an expired session is not resumed")
{
    persistent_client_fixture fixture;
    fixture.now = std::chrono::sys_seconds{3000s};
    run_client(fixture, fixture.options(),
               {script_of({receive(kind::login), send(login_granted), hang_up()}), script_of(login_and_closing)}, 2);
    CHECK(fixture.states.at(4) == "connected 2");
}

TEST_CASE("a rejected token is forgotten and the password is used")
{
    persistent_client_fixture fixture;
    run_client(fixture, fixture.options(),
               {script_of({receive(kind::login), send(login_granted), hang_up()}),
                script_of(denial(kind::resume, code::invalid_token) +
                          std::vector{receive(kind::login),
                                      send(protocol::granted{protocol::auth_method::login, "Alice", 8, "prt_next", 2000,
                                                             1000, "192.0.2.7", 0}),
                                      receive(kind::closing)})},
               2);
    CHECK(fixture.states.at(4) == "connected 2");
    CHECK(fixture.folder.read("sessions").find("prt_token") == std::string::npos);
    CHECK(fixture.folder.read("sessions").find("prt_next") != std::string::npos);
}

TEST_CASE("without a password a rejected token stops the client and is forgotten")
{
    persistent_client_fixture fixture;
    run_client(fixture, fixture.options(), {script_of(login_and_closing)}, 1);
    fixture.states.clear();
    asio::io_context io;
    scripted_server server{io,
                           script_of(denial(kind::resume, code::invalid_token) + std::vector{receive(kind::closing)})};
    fixture.folder.write("sessions", "127.0.0.1 " + std::to_string(server.port()) + " plain - 2000 prt_token Alice\n");
    auto const with_client = [&](scripted_server& running) -> task<void> {
        auto options = fixture.options();
        options.password.clear();
        auto client = fixture.start(running, io.get_executor(), std::move(options));
        auto sent = co_await client.send("text");
        REQUIRE_FALSE(sent);
        CHECK(sent.error().code == code::invalid_token);
    };
    play(server, io, with_client);
    CHECK(fixture.states == strings{"connecting", "stopped invalid_token"});
    CHECK(fixture.folder.read("sessions").empty());
}

TEST_CASE("without a session and a password nothing is asked of the server")
{
    persistent_client_fixture fixture;
    auto options = fixture.options();
    options.password.clear();
    run_client(fixture, std::move(options), {script_of({receive(kind::closing)})});
    CHECK(fixture.states == strings{"connecting", "stopped unauthorized"});
}

TEST_CASE("a final denial stops the client")
{
    persistent_client_fixture fixture;
    auto const reason = GENERATE(code::bad_credentials, code::tls_required, code::not_supported);
    run_client(fixture, fixture.options(),
               {script_of(denial(kind::login, reason) + std::vector{receive(kind::closing)})});
    CHECK(fixture.states == strings{"connecting", "stopped " + std::string{name_of(reason)}});
    CHECK(fixture.pauses.empty());
}

TEST_CASE("a final closing stops the client")
{
    persistent_client_fixture fixture;
    auto const reason = GENERATE(code::unsupported_version, code::tls_required, code::protocol_error);
    run_client(fixture, fixture.options(),
               {{receive(kind::hello), send(protocol::closing{static_cast<std::uint16_t>(reason), "because"})}});
    CHECK(fixture.states == strings{"connecting", "stopped " + std::string{name_of(reason)}});
}

TEST_CASE("a server that violates the protocol stops the client")
{
    persistent_client_fixture fixture;
    run_client(fixture, fixture.options(), {script_of({send(protocol::text{"early"}), receive(kind::closing)})});
    CHECK(fixture.states == strings{"connecting", "stopped protocol_error"});
}

TEST_CASE("a normal closing of the server stops the client")
{
    persistent_client_fixture fixture;
    run_client(fixture, fixture.options(),
               {script_of({receive(kind::login), send(login_granted), send(protocol::closing{0, "done"})})});
    CHECK(fixture.states == strings{"connecting", "connected 1", "stopped normal"});
}

TEST_CASE("the advice of a temporary denial is the least pause")
{
    persistent_client_fixture fixture;
    run_client(fixture, fixture.options(),
               {script_of(denial(kind::login, code::busy, 7) + std::vector{receive(kind::closing)}),
                script_of(denial(kind::login, code::throttled, 60) + std::vector{receive(kind::closing)}),
                script_of(login_and_closing)},
               1);
    CHECK(fixture.pauses == std::vector<std::chrono::milliseconds>{7s, 60s});
}

TEST_CASE("a temporary closing is no end")
{
    persistent_client_fixture fixture;
    auto const reason = GENERATE(code::idle, code::shutting_down, code::slow_consumer, code::too_many_attempts);
    run_client(fixture, fixture.options(),
               {script_of({receive(kind::login), send(login_granted),
                           send(protocol::closing{static_cast<std::uint16_t>(reason), "because"})}),
                script_of({receive(kind::resume), send(resume_granted), receive(kind::closing)})},
               2);
    CHECK(fixture.states.at(4) == "resumed 2");
}

TEST_CASE("after its session has ended the client logs in if it has a password")
{
    persistent_client_fixture fixture;
    protocol::closing const session_ended{9, "revoked"};
    run_client(
        fixture, fixture.options(),
        {script_of({receive(kind::login), send(login_granted), send(session_ended)}), script_of(login_and_closing)}, 2);
    CHECK(fixture.states.at(4) == "connected 2");

    fixture.states.clear();
    fixture.folder.write("sessions", "");
    asio::io_context io;
    scripted_server server{io, script_of({receive(kind::resume), send(resume_granted), send(session_ended)})};
    fixture.folder.write("sessions", "127.0.0.1 " + std::to_string(server.port()) + " plain - 2000 prt_token Alice\n");
    auto const without_password = [&](scripted_server& running) -> task<void> {
        auto options = fixture.options();
        options.password.clear();
        auto client = fixture.start(running, io.get_executor(), std::move(options));
        co_await client.closed();
    };
    play(server, io, without_password);
    CHECK(fixture.states == strings{"connecting", "resumed 1", "stopped session_ended"});
    CHECK(fixture.folder.read("sessions").empty());
}

TEST_CASE("the client registers an account that may not exist yet if it is asked to")
{
    persistent_client_fixture fixture;
    auto options = fixture.options();
    options.register_account = true;
    protocol::granted const registered{protocol::auth_method::register_account, "Alice", 7, "prt_new", 2000, 0, "", 0};
    run_client(fixture, std::move(options),
               {script_of(denial(kind::login, code::bad_credentials) +
                          std::vector{receive(kind::register_account), send(registered), receive(kind::closing)})},
               1);
    CHECK(fixture.states == strings{"connecting", "connected 1", "stopped normal"});
    CHECK(fixture.folder.read("sessions").find("prt_new") != std::string::npos);
}

TEST_CASE("a wrong password of an existing account stops the client that may register")
{
    persistent_client_fixture fixture;
    auto options = fixture.options();
    options.register_account = true;
    run_client(fixture, std::move(options),
               {script_of(denial(kind::login, code::bad_credentials) +
                          denial(kind::register_account, code::name_taken) + std::vector{receive(kind::closing)})});
    CHECK(fixture.states == strings{"connecting", "stopped bad_credentials"});
}

TEST_CASE("a session that is not saved is ended by close")
{
    persistent_client_fixture fixture;
    auto options = fixture.options();
    options.save_session = false;
    run_client(fixture, std::move(options),
               {script_of({receive(kind::login), send(login_granted), hang_up()}),
                script_of({receive(kind::resume), send(resume_granted), receive(kind::logout), send(protocol::done{}),
                           send(protocol::closing{0, ""})})},
               2);
    CHECK(fixture.states.at(4) == "resumed 2");
    CHECK_FALSE(std::filesystem::exists(fixture.folder.file("sessions")));
}

TEST_CASE("in identify access the client gives its name")
{
    persistent_client_fixture fixture;
    protocol::granted const named{protocol::auth_method::identify, "Alice", 0, "", 0, 0, "", 0};
    protocol::granted const by_address{protocol::auth_method::address, "Bob", 0, "", 0, 0, "", 0};
    run_client(fixture, fixture.options(),
               {{receive(kind::hello), send(welcome(protocol::access_mode::identify)), receive(kind::identify),
                 send(named), hang_up()},
                {receive(kind::hello), send(welcome(protocol::access_mode::identify, "Bob")), send(by_address),
                 receive(kind::identify), send(named), hang_up()},
                {receive(kind::hello), send(welcome(protocol::access_mode::identify, "ALICE")),
                 send(protocol::granted{protocol::auth_method::address, "ALICE", 0, "", 0, 0, "", 0}),
                 receive(kind::closing)}},
               3);
    CHECK(fixture.states.back() == "stopped normal");
}

TEST_CASE("another host key stops the client and gets no token")
{
    persistent_client_fixture fixture;
    contexts first;
    contexts second;
    auto options = fixture.options();
    options.connection.transport = transport::tls;
    options.connection.host_key_policy = host_key_policy::accept_new;
    options.connection.known_servers = fixture.folder.file("known_servers");
    asio::io_context io;
    scripted_server server{io, script_of({receive(kind::login), send(login_granted), hang_up()}), &first.server};
    server.add({receive_end()}, &second.server);
    auto const with_client = [&](scripted_server& running) -> task<void> {
        auto client = fixture.start(running, io.get_executor(), std::move(options));
        co_await client.closed();
        CHECK(client.ended()->cause == client_errc::untrusted);
        CHECK(client.ended()->server_key == second.key.fingerprint());
    };
    play(server, io, with_client);
    CHECK(fixture.states.size() == 5);
    CHECK(fixture.folder.read("sessions").find(first.key.fingerprint()) != std::string::npos);
}

TEST_CASE("an unknown host key stops a strict client")
{
    persistent_client_fixture fixture;
    contexts keys;
    auto options = fixture.options();
    options.connection.transport = transport::tls;
    options.connection.known_servers = fixture.folder.file("known_servers");
    asio::io_context io;
    scripted_server server{io, {receive_end()}, &keys.server};
    auto const with_client = [&](scripted_server& running) -> task<void> {
        auto client = fixture.start(running, io.get_executor(), std::move(options));
        co_await client.closed();
        CHECK(client.ended()->cause == client_errc::unknown_server);
    };
    play(server, io, with_client);
    CHECK(fixture.pauses.empty());
}

TEST_CASE("a program may get the access itself and stop the client by a final error")
{
    persistent_client_fixture fixture;
    auto options = fixture.options();
    int calls = 0;
    options.get_access = [&calls](client& connection) -> task<client_result<void>> {
        ++calls;
        std::string token = calls == 1 ? "prt_token" : "prt_revoked";
        auto access = co_await connection.resume(std::move(token));
        if (!access) co_return unexpected(access.error());
        co_return client_result<void>{};
    };
    run_client(fixture, std::move(options),
               {script_of({receive(kind::resume), send(resume_granted), hang_up()}),
                script_of(denial(kind::resume, code::invalid_token) + std::vector{receive(kind::closing)})});
    CHECK(calls == 2);
    CHECK(fixture.states == strings{"connecting", "resumed 1", "waiting 500", "connecting", "stopped invalid_token"});
    CHECK_FALSE(std::filesystem::exists(fixture.folder.file("sessions")));  // the program keeps the tokens
}

TEST_CASE("a program that gets the access itself gets it again after the end of its session")
{
    persistent_client_fixture fixture;
    auto options = fixture.options();
    options.password.clear();
    options.get_access = [](client& connection) -> task<client_result<void>> {
        auto access = co_await connection.login("Alice", "right");
        if (!access) co_return unexpected(access.error());
        co_return client_result<void>{};
    };
    run_client(fixture, std::move(options),
               {script_of({receive(kind::login), send(login_granted), send(protocol::closing{9, "revoked"})}),
                script_of(login_and_closing)},
               2);
    CHECK(fixture.states ==
          strings{"connecting", "connected 1", "waiting 500", "connecting", "connected 2", "stopped normal"});
}

TEST_CASE("a call that claims access without having it stops the client")
{
    persistent_client_fixture fixture;
    auto options = fixture.options();
    options.get_access = [](client&) -> task<client_result<void>> { co_return client_result<void>{}; };
    run_client(fixture, std::move(options), {script_of({receive(kind::closing)})});
    CHECK(fixture.states == strings{"connecting", "stopped unauthorized"});
}

TEST_CASE("closing a client ends a call that gets its access")
{
    persistent_client_fixture fixture;
    asio::io_context io;
    scripted_server server{io, script_of({read_to_end()})};
    bool has_begun = false;
    bool has_ended = false;
    auto const close_while_asking = [&](scripted_server& running) -> task<void> {
        auto options = fixture.options();
        options.get_access = [&](client& connection) -> task<client_result<void>> {
            flag_at_end const mark{has_ended};
            has_begun = true;
            co_await connection.closed();
            co_return unexpected(*connection.ended());
        };
        auto client = fixture.start(running, io.get_executor(), std::move(options));
        while (!has_begun) co_await yield();
        co_await client.close();
        CHECK(has_ended);
    };
    play(server, io, close_while_asking);
}

TEST_CASE("a persistent client begins with the connection that it is given")
{
    persistent_client_fixture fixture;
    asio::io_context io;
    scripted_server server{io, script_of({receive(kind::login), send(login_granted), hang_up()})};
    server.add(script_of(login_and_closing));
    auto const hand_over = [&](scripted_server& running) -> task<void> {
        auto made = co_await connect_plain(running);
        REQUIRE(made);
        auto const first = std::make_shared<client>(std::move(*made));
        auto access = co_await first->login("Alice", "right");
        REQUIRE(access);
        auto client = fixture.start(running, io.get_executor(), fixture.options(), first);
        auto const current = co_await client.connected();
        CHECK(current == first);
        while (client.state().connection < 2) co_await yield();
        co_await client.close();
    };
    play(server, io, hand_over);
    CHECK(fixture.states == strings{"connected 1", "waiting 500", "connecting", "connected 2", "stopped normal"});
}
