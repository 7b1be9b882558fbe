using System.Text.RegularExpressions;

namespace Lattice.Silo.Configuration;

/// <summary>What has to hold in <c>[ai]</c>, so that a mistake is found when the node starts and not when it halts.</summary>
internal static partial class AiRules
{
    /// <summary>Checks the section.</summary>
    /// <param name="ai">The settings.</param>
    /// <param name="endpoint">The endpoint as it is written.</param>
    /// <param name="error">Takes the name of a setting and what is wrong with it.</param>
    public static void Check(AiSettings ai, string endpoint, Action<string, string> error)
    {
        if (endpoint.Length > 0 && ai.Endpoint is not { Scheme: "http" or "https", UserInfo: "" })
        {
            error("ai.endpoint", $"\"{endpoint}\" is not an address of the form http://HOST:PORT/PATH or https://HOST/PATH, without user and password.");
        }

        if (ai.ApiKeyVariable.Length > 0 && !VariableName().IsMatch(ai.ApiKeyVariable))
        {
            // Not repeated: it may be the key.
            error("ai.api_key_env", "this is not the name of an environment variable. The key itself must not stand in this file; put it into a variable and name that, for example \"OPENAI_API_KEY\".");
        }

        if (ai.Provider == AiProvider.None)
        {
            return;
        }

        if (ai.Model.Length == 0)
        {
            error("ai.model", "missing; name the model that the provider is to run.");
        }

        if (ai.Endpoint is null && ai.ApiKeyVariable.Length == 0 && ai.Provider is AiProvider.OpenAi or AiProvider.Anthropic)
        {
            error("ai.api_key_env", "missing; the provider's own endpoint needs a key. Name the environment variable that holds it.");
        }

        if (ai.ApiKeyVariable.Length > 0 && ai.Endpoint is { Scheme: "http", IsLoopback: false })
        {
            error("ai.endpoint", "the key would cross the network unencrypted. Use https, or an endpoint on this machine.");
        }
    }

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]*$", RegexOptions.None, 1000)]
    private static partial Regex VariableName();
}
