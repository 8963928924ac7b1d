/* The program: starts the libraries and hands over to the command named first. */
#include <curl/curl.h>
#include <sodium.h>

#include "node/cmd/cmd.h"

int main(int argc, char **argv)
{
    if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
        return 1;
    int rc = ln_cmd_main(argc, argv);
    curl_global_cleanup();
    return rc;
}
