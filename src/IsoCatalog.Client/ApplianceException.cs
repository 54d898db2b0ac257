namespace IsoCatalog.Client;

/// <summary>The site answered, and the answer is no. <see cref="Exception.Message"/> is the problem's detail, fit for people.</summary>
public sealed class ApplianceException : Exception
{
    public ApplianceException(Problem problem, TimeSpan? retryAfter = null, Exception? innerException = null)
        : base(problem?.Detail, innerException)
    {
        ArgumentNullException.ThrowIfNull(problem);
        Problem = problem;
        RetryAfter = retryAfter;
    }

    /// <summary>As the site sent it (RFC 9457), or made up from the HTTP status when the site sent none that can be read.</summary>
    public Problem Problem { get; }

    /// <summary>The HTTP status, whatever the body said.</summary>
    public int Status => Problem.Status;

    /// <summary>When the site asked to be asked again.</summary>
    public TimeSpan? RetryAfter { get; }
}

/// <summary>Problems that the client itself finds; the site's own are listed in docs/panel.md.</summary>
public static class ClientProblemCode
{
    /// <summary>Success, but with a body that is not what this call answers: something other than an appliance is there.</summary>
    public const string UnexpectedAnswer = "unexpected-answer";

    /// <summary>More bytes than such an answer can have.</summary>
    public const string AnswerTooLong = "answer-too-long";
}
