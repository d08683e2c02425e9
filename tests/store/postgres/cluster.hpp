#pragma once

#include <libpq-fe.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "store/postgres/options.hpp"
#include "support/catch.hpp"

namespace porter::testing {

/// The PostgreSQL that ctest has started for all tests (PORTER_TEST_POSTGRES), or one for this process.
class cluster {
public:
    static cluster const& instance()
    {
        static cluster const only;
        return only;
    }

    bool is_installed() const noexcept { return !folder_.empty(); }
    std::string const& folder() const noexcept { return folder_; }

    ~cluster()
    {
        if (is_own_) script("stop", folder_);
    }

private:
    cluster()
    {
        if (auto const* given = std::getenv("PORTER_TEST_POSTGRES"); given && std::filesystem::exists(given)) {
            folder_ = given;
            return;
        }
        auto const folder = "/dev/shm/porter-postgres-" + std::to_string(::getpid());
        auto const status = script("start", folder);
        if (status == 77) return;
        if (status != 0) throw std::runtime_error("cluster.py start has failed");
        folder_ = folder;
        is_own_ = true;
    }

    static int script(std::string const& verb, std::string const& folder)
    {
        auto const command = std::string{CLUSTER_SCRIPT} + " " + verb + " " + folder;  // from CMakeLists.txt
        auto const status = std::system(command.c_str());
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

    std::string folder_;
    bool is_own_ = false;
};

/// A session as psql has it: blocking, one statement at a time.
class sql_session {
public:
    sql_session(std::string const& database, std::string const& user)
        : connection_(
              PQconnectdb(("host=" + cluster::instance().folder() + " dbname=" + database + " user=" + user).c_str()))
    {
        if (PQstatus(connection_.get()) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(connection_.get()));
        PQsetNoticeProcessor(connection_.get(), [](void*, char const*) {}, nullptr);
    }

    /// The rows as psql -At prints them: columns separated by '|', rows by line feeds. Throws the error.
    std::string run(std::string const& sql)
    {
        std::unique_ptr<PGresult, decltype(&PQclear)> const result{PQexec(connection_.get(), sql.c_str()), PQclear};
        auto const status = PQresultStatus(result.get());
        if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
            throw std::runtime_error(PQresultErrorMessage(result.get()));
        }
        std::string text;
        for (int row = 0; row < PQntuples(result.get()); ++row) {
            if (row > 0) text += '\n';
            for (int column = 0; column < PQnfields(result.get()); ++column) {
                if (column > 0) text += '|';
                text += PQgetvalue(result.get(), row, column);
            }
        }
        return text;
    }

    /// The error of a statement; empty: it succeeded.
    std::string error_of(std::string const& sql)
    {
        try {
            run(sql);
            return {};
        } catch (std::runtime_error const& error) {
            return error.what();
        }
    }

private:
    struct finish {
        void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
    };

    std::unique_ptr<PGconn, finish> connection_;
};

/// A database with Porter's schema, which is dropped with this object.
class postgres_fixture {
public:
    /// `source`: from which it is copied.
    explicit postgres_fixture(std::string const& source = "porter_template")
        : name_("test_" + std::to_string(::getpid()) + "_" + std::to_string(count_++))
    {
        sql_session{"postgres", "postgres"}.run("CREATE DATABASE " + name_ + " TEMPLATE " + source);
    }
    ~postgres_fixture() { sql_session{"postgres", "postgres"}.run("DROP DATABASE " + name_ + " WITH (FORCE)"); }
    postgres_fixture(postgres_fixture const&) = delete;
    postgres_fixture& operator=(postgres_fixture const&) = delete;

    std::string const& name() const noexcept { return name_; }
    sql_session administrator() const { return sql_session{name_, "postgres"}; }
    sql_session session_of(std::string const& user) const { return sql_session{name_, user}; }

    std::string url(std::string const& user = "node") const
    {
        return "postgresql:///" + name_ + "?user=" + user + "&host=" + cluster::instance().folder();
    }
    detail::store::postgres::options options(std::string const& user = "node") const
    {
        return {.address = detail::store::postgres::address::parse(url(user)),
                .patience = std::chrono::seconds{60},  // the machine may be busy
                .host_timeout = std::chrono::seconds{60}};
    }

private:
    static inline std::atomic<int> count_ = 0;
    std::string name_;
};

}  // namespace porter::testing

// At the start of a test that needs a real PostgreSQL.
#define NEEDS_POSTGRESQL()                                                         \
    if (!porter::testing::cluster::instance().is_installed()) {                    \
        WARN("skipped: PostgreSQL is not installed (apt-get install postgresql)"); \
        return;                                                                    \
    }                                                                              \
    static_assert(true)
