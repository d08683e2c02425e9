#include "monitoring/content_policy.hpp"

#include <string>

#include "monitoring/status_page.hpp"
#include "support/catch.hpp"

using porter::detail::monitoring::content_policy;
using porter::detail::monitoring::status_page;

namespace {

bool has(std::string const& policy, std::string const& directive)
{
    return ("; " + policy + ';').find("; " + directive + ';') != std::string::npos;
}

}  // namespace

TEST_CASE("each style and script of a page is allowed by its hash")
{
    // printf %s TEXT | openssl dgst -sha256 -binary | base64
    auto const policy = content_policy("<style>a</style><p>text</p><script>b\n</script><script>c</script>");
    CHECK(has(policy, "style-src 'sha256-ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs='"));
    CHECK(has(policy,
              "script-src 'sha256-AmOCmYm2/ZVPcrqvL8ZLwuLwHWktTecphuqAj26ZgT8=' "
              "'sha256-Ln0sA6lQeuJl7PW1NWiFpTOTogKdJBOUmXJloaJa78Y='"));
    CHECK(has(policy, "default-src 'none'"));
    CHECK(has(policy, "frame-ancestors 'none'"));
    CHECK(policy.find("unsafe") == std::string::npos);
}

TEST_CASE("a page without scripts may run none")
{
    auto const policy = content_policy("<p>text</p>");
    CHECK(has(policy, "script-src 'none'"));
    CHECK(has(policy, "style-src 'none'"));
}

TEST_CASE("the status page refers to nothing outside and has nothing that its policy forbids")
{
    std::string const page{status_page()};
    CHECK(page.starts_with("<!DOCTYPE html>"));
    CHECK(page.ends_with("</html>\n"));
    for (auto const* const each : {"https:", " style=", " onclick=", "innerHTML", "document.write", "eval(", "src="}) {
        CHECK(page.find(each) == std::string::npos);
    }
    auto const policy = content_policy(page);
    CHECK(policy.find("script-src 'sha256-") != std::string::npos);
    CHECK(policy.find("style-src 'sha256-") != std::string::npos);
}
