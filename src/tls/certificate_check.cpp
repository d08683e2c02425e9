#include "tls/certificate_check.hpp"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <asio/ip/address.hpp>
#include <cstdio>
#include <ctime>
#include <memory>
#include <new>
#include <string_view>

namespace porter::detail::tls {
namespace {

constexpr std::size_t max_text = 120;       // of a name in a message: one or two lines of a terminal
constexpr std::size_t max_names_shown = 3;  // a certificate may have hundreds

using clauses = std::vector<std::string>;

struct day_and_time {
    std::string day;
    base::timestamp time;
};

std::optional<day_and_time> read_time(ASN1_TIME const* time)
{
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
    std::array<char, 48> day{};
    std::snprintf(day.data(), day.size(), "%04d-%02d-%02d", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
    return day_and_time{day.data(), base::timestamp{std::chrono::seconds{::timegm(&parts)}}};
}

/// Cuts the text and replaces all but printable ASCII: it may be from a hostile server.
std::string printable(std::string_view text)
{
    std::string shown{text.substr(0, max_text)};
    auto const is_unprintable = [](char each) { return each < ' ' || each > '~'; };
    std::ranges::replace_if(shown, is_unprintable, '?');
    return text.size() > max_text ? shown + "..." : shown;
}

std::string name_of_issuer(X509 const& certificate)
{
    std::unique_ptr<BIO, decltype(&BIO_free)> const bio{BIO_new(BIO_s_mem()), BIO_free};
    if (!bio) throw std::bad_alloc{};
    X509_NAME_print_ex(bio.get(), X509_get_issuer_name(&certificate), 0, XN_FLAG_RFC2253);
    char* text = nullptr;
    auto const size = BIO_get_mem_data(bio.get(), &text);
    return size > 0 ? printable({text, static_cast<std::size_t>(size)}) : "a nameless issuer";
}

std::string text_of_address(ASN1_OCTET_STRING const& bytes)
{
    auto const copy = [&]<std::size_t size>(std::array<unsigned char, size> out) {
        std::copy_n(ASN1_STRING_get0_data(&bytes), size, out.begin());
        return out;
    };
    if (ASN1_STRING_length(&bytes) == 4) {
        return asio::ip::make_address_v4(copy(asio::ip::address_v4::bytes_type{})).to_string();
    }
    if (ASN1_STRING_length(&bytes) == 16) {
        return asio::ip::make_address_v6(copy(asio::ip::address_v6::bytes_type{})).to_string();
    }
    return "?";
}

/// The DNS names and IP addresses of the subjectAltName: a certificate is valid for these only (RFC 9525, 6.3).
std::vector<std::string> hosts_of(X509 const& certificate)
{
    auto* const found =
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr));
    std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> const names{found, GENERAL_NAMES_free};
    std::vector<std::string> hosts;
    for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
        auto const* const each = sk_GENERAL_NAME_value(names.get(), i);
        if (each->type == GEN_DNS) {
            auto const* const text = reinterpret_cast<char const*>(ASN1_STRING_get0_data(each->d.dNSName));
            hosts.push_back(printable({text, static_cast<std::size_t>(ASN1_STRING_length(each->d.dNSName))}));
        } else if (each->type == GEN_IPADD) {
            hosts.push_back(text_of_address(*each->d.iPAddress));
        }
    }
    return hosts;
}

std::string join(clauses const& parts, std::string_view separator)
{
    std::string all;
    for (auto const& each : parts) {
        if (!all.empty()) all += separator;
        all += each;
    }
    return all;
}

void check_time(X509 const& certificate, base::timestamp now, clauses& found)
{
    auto const begin = read_time(X509_get0_notBefore(&certificate));
    auto const end = read_time(X509_get0_notAfter(&certificate));
    if (!begin || !end) return found.push_back("has dates that cannot be read");
    if (begin->time > now) found.push_back("is not valid before " + begin->day);
    if (end->time < now) found.push_back("expired on " + end->day);
}

/// OpenSSL's rules; extendedKeyUsage has a message of its own.
void check_purpose(X509& certificate, clauses& found)
{
    auto const uses = X509_get_extended_key_usage(&certificate);  // all bits are set if there is no such extension
    bool const is_for_clients = (uses & XKU_SSL_CLIENT) != 0;
    if ((uses & XKU_SSL_SERVER) == 0) {
        found.push_back(is_for_clients ? "is for clients only (its extendedKeyUsage has no serverAuth)"
                                       : "is not for servers (its extendedKeyUsage has no serverAuth)");
    } else if (X509_check_purpose(&certificate, X509_PURPOSE_SSL_SERVER, 0) != 1) {
        found.push_back("is not for servers");
    }
}

/// RFC 8446, 4.4.2.2. OpenSSL's clients do not check it, others do.
void check_key_usage(X509& certificate, clauses& found)
{
    if ((X509_get_key_usage(&certificate) & KU_DIGITAL_SIGNATURE) != 0) return;
    found.push_back("has a keyUsage without digitalSignature, which TLS 1.3 needs");
}

void check_names(X509 const& certificate, clauses& found)
{
    if (hosts_of(certificate).empty()) {
        found.push_back("names no host (it has no subjectAltName with a DNS name or an IP address)");
    }
}

std::string other_hosts(X509 const& certificate)
{
    auto hosts = hosts_of(certificate);
    auto const more = hosts.size() > max_names_shown ? hosts.size() - max_names_shown : 0;
    hosts.resize(hosts.size() - more);
    auto const shown = join(hosts, ", ");
    return "is for another host: " + shown + (more != 0 ? " and " + std::to_string(more) + " more" : "");
}

bool is_issuer_error(long verify_result)
{
    constexpr std::array<long, 5> errors{
        X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
        X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_CERT_UNTRUSTED};
    return std::ranges::find(errors, verify_result) != errors.end();
}

}  // namespace

std::vector<std::string> certificate_warnings(certified_key const& key, base::timestamp now)
{
    clauses found;
    auto& own = *key.chain().front();
    check_time(own, now, found);
    auto const end = read_time(X509_get0_notAfter(&own));
    if (end && end->time >= now && end->time - now < renewal_time) found.push_back("expires on " + end->day);
    check_purpose(own, found);
    check_key_usage(own, found);
    check_names(own, found);
    for (std::size_t i = 1; i < key.chain().size(); ++i) {
        clauses issuer_errors;
        check_time(*key.chain()[i], now, issuer_errors);
        for (auto const& each : issuer_errors) {
            found.push_back("is followed by number " + std::to_string(i + 1) + " in its file, which " + each);
        }
    }
    ERR_clear_error();
    return found;
}

std::string explain_verify_result(x509_st& certificate, long verify_result, base::timestamp now)
{
    if (verify_result == X509_V_OK || verify_result == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT) return {};
    clauses found;
    if (is_issuer_error(verify_result)) {
        found.push_back("is from " + name_of_issuer(certificate) + ", which is no authority that this system knows");
    }
    check_time(certificate, now, found);
    check_purpose(certificate, found);
    check_names(certificate, found);
    bool const is_for_another =
        verify_result == X509_V_ERR_HOSTNAME_MISMATCH || verify_result == X509_V_ERR_IP_ADDRESS_MISMATCH;
    if (is_for_another && !hosts_of(certificate).empty()) found.push_back(other_hosts(certificate));
    ERR_clear_error();
    // The other results are about the chain, and rare.
    if (found.empty()) found.push_back(std::string{"does not pass: "} + X509_verify_cert_error_string(verify_result));
    return join(found, " and ");
}

}  // namespace porter::detail::tls
