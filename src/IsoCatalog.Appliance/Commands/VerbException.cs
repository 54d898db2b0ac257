using IsoCatalog.Client;

namespace IsoCatalog.Appliance.Commands;

/// <summary>Ends a verb for a reason that its user can do something about.</summary>
internal sealed class VerbException(int exitCode, Problem problem) : Exception(problem.Detail)
{
    public VerbException(int exitCode, string code, string detail, int status = 0)
        : this(exitCode, new Problem(Problem.TypePrefix + code, char.ToUpperInvariant(code[0]) + code[1..].Replace('-', ' '), status, detail))
    {
    }

    public int ExitCode => exitCode;

    public Problem Problem => problem;

    public static VerbException Usage(string detail) => new(Commands.ExitCode.Usage, "usage", detail);
}
